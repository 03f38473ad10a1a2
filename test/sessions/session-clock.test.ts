import { expect, it } from 'vitest';
import type { RecordClock } from '../../src/domain/record-clock.ts';
import { createSessionClock } from '../../src/sessions/session-clock.ts';
import { seeded } from '../helpers/memory-store.ts';

/** A clock that shows what it is told, of this machine's or (shared) of a database that several have. */
function openClock(isShared = false) {
  const shown = { time: 0 };
  const source: RecordClock = { now: () => shown.time, isShared };
  const clock = createSessionClock(source);
  return {
    clock,
    media: (mediaTime: number, wallTime: number) => clock.at(mediaTime, wallTime).mediaTime,
    wall: (mediaTime: number, wallTime: number) => clock.at(mediaTime, wallTime).wallTime,
    endAt(time: number) {
      shown.time = time;
      return clock.end();
    },
  };
}

it('media time is the source’s own, until the source is opened again; then it goes on by the wall clock', () => {
  const { clock, media } = openClock();
  expect([media(0.5, 1000), media(0.6, 1100)]).toEqual([0.5, 0.6]);
  clock.reopened();
  expect(media(0, 31_100)).toBeCloseTo(30.6, 9);
  expect(media(0.1, 31_200)).toBeCloseTo(30.7, 9);
  // Whatever its own time is then.
  clock.reopened();
  expect(media(7, 41_200)).toBeCloseTo(40.7, 9);
  expect(media(7.1, 41_300)).toBeCloseTo(40.8, 9);
});

it.each([false, true])(
  'media time never stands still or goes back, whatever the source and the clock do (shared: %s)',
  (isShared) => {
    const { clock, media } = openClock(isShared);
    const random = seeded(3);
    let last = Number.NEGATIVE_INFINITY;
    for (let round = 0; round < 500; round++) {
      if (random() < 0.1) clock.reopened();
      const told = media(random() * 3, random() * 10_000);
      expect(told).toBeGreaterThan(last);
      last = told;
    }
  },
);

it('media time starts at the first frame, however often its source was opened before', () => {
  const { clock, media } = openClock();
  clock.reopened();
  expect([media(0.2, 5000), media(0.3, 9000)]).toEqual([0.2, 0.3]);
});

it('media time is rounded as the store keeps it, so that nothing tells of it otherwise', () => {
  const { clock, media, endAt } = openClock();
  expect([media(0.1 + 0.2, 0), media(1 / 3, 0)]).toEqual([0.3, 0.333333]);
  clock.reopened();
  expect([media(0, 1001 / 3), endAt(1001 / 3)]).toEqual([0.667, 0.667]);
});

it('a session ends with its last frame, or, while its source is away, when that is by the wall clock', () => {
  const { clock, media, endAt } = openClock();
  expect(endAt(1_000)).toBeNull();
  media(2, 10_000);
  expect(endAt(14_000)).toBe(2);
  clock.reopened();
  expect([endAt(14_500), endAt(9_000)]).toEqual([6.5, 2]);
});

it('this machine’s clock is followed wherever it is set', () => {
  const { wall } = openClock();
  expect([wall(1, 10_000), wall(2, 4_000), wall(3, 5_000)]).toEqual([10_000, 4_000, 5_000]);
});

it('a shared clock that is found to be behind goes at half its pace until it is there, and never back', () => {
  const { wall } = openClock(true);
  const told = [10_000, 11_000, 9_000, 10_000, 11_000, 12_000, 13_000, 14_000];
  expect(told.map((time, at) => wall(at, time))).toEqual([
    10_000, 11_000, 11_000, 11_500, 12_000, 12_500, 13_000, 14_000,
  ]);
});

it('a shared clock that is found to be ahead is followed at once, and wall time less media time is the same over a break', () => {
  const { clock, wall } = openClock(true);
  expect([wall(0, 10_000), wall(1, 3_611_000)]).toEqual([10_000, 3_611_000]);
  clock.reopened();
  const { mediaTime, wallTime } = clock.at(0, 3_641_000);
  expect(wallTime - mediaTime * 1000).toBe(3_611_000 - 1000);
});

it('whatever a shared clock shows, wall times of a session never go back, and end where it is when that goes on evenly', () => {
  const { wall } = openClock(true);
  const random = seeded(5);
  let [last, time] = [Number.NEGATIVE_INFINITY, 1_000_000];
  for (let round = 0; round < 500; round++) {
    time += 100 + (random() < 0.05 ? Math.round((random() - 0.5) * 20_000) : 0);
    const told = wall(round / 10, time);
    expect(told).toBeGreaterThanOrEqual(Math.max(last, time));
    last = told;
  }
  for (let round = 0; round < 2_000; round++) {
    time += 100;
    last = wall(50 + round / 10, time);
  }
  expect(last).toBe(time);
});
