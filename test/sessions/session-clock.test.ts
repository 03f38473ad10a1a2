import { expect, it } from 'vitest';
import { createSessionClock } from '../../src/sessions/session-clock.ts';
import { seeded } from '../helpers/memory-store.ts';

it('media time is the source’s own, until the source is opened again; then it goes on by the wall clock', () => {
  const clock = createSessionClock();
  expect([clock.at(0.5, 1000), clock.at(0.6, 1100)]).toEqual([0.5, 0.6]);
  clock.reopened();
  expect(clock.at(0, 31_100)).toBeCloseTo(30.6, 9);
  expect(clock.at(0.1, 31_200)).toBeCloseTo(30.7, 9);
});

it('media time never stands still or goes back, whatever the source and the clock do', () => {
  const clock = createSessionClock();
  const random = seeded(3);
  let last = Number.NEGATIVE_INFINITY;
  for (let round = 0; round < 500; round++) {
    if (random() < 0.1) clock.reopened();
    const media = clock.at(random() * 3, random() * 10_000);
    expect(media).toBeGreaterThan(last);
    last = media;
  }
});

it('media time starts at the first frame, however often its source was opened before', () => {
  const clock = createSessionClock();
  clock.reopened();
  expect(clock.at(0.2, 5000)).toBe(0.2);
});

it('media time is rounded as the store keeps it, so that nothing tells of it otherwise', () => {
  const clock = createSessionClock();
  expect([clock.at(0.1 + 0.2, 0), clock.at(1 / 3, 0)]).toEqual([0.3, 0.333333]);
  clock.reopened();
  expect([clock.at(0, 1001 / 3), clock.end(1001 / 3)]).toEqual([0.667, 0.667]);
});

it('a session ends with its last frame, or, while its source is away, when that is by the wall clock', () => {
  const clock = createSessionClock();
  expect(clock.end(1_000)).toBeNull();
  clock.at(2, 10_000);
  expect(clock.end(14_000)).toBe(2);
  clock.reopened();
  expect([clock.end(14_500), clock.end(9_000)]).toEqual([6.5, 2]);
});
