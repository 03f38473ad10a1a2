import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';
import { mediaStretches, momentRuns } from '../../src/store/read/media-stretches.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment, randomFrom } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const START = Date.UTC(2026, 10, 24, 23, 50);

interface Clocks {
  frameRate: number;
  /** Milliseconds of wall time by `seq`, and seconds of media time. */
  wall(seq: number): number;
  media?(seq: number): number;
}

const SOURCES: Record<string, Clocks> = {
  'a recording read twenty times as fast': { frameRate: 10, wall: (seq) => seq * 5 },
  'a live source with a hole of ten minutes': {
    frameRate: 2,
    media: (seq) => seq / 2 + (seq > 200 ? 600 : 0),
    wall: (seq) => seq * 500 + (seq > 200 ? 600_000 : 0),
  },
  'a clock that drifts, and is set back twice': {
    frameRate: 2,
    wall: (seq) => seq * 510 - (seq > 130 ? 45_000 : 0) - (seq > 300 ? 3_600_000 : 0),
  },
  'a frame each eight seconds': { frameRate: 1 / 8, wall: (seq) => seq * 8000 },
};

async function record({ frameRate, wall, media }: Clocks) {
  const { id } = await db.session();
  const moments = Array.from({ length: 500 }, (_, seq): Moment => {
    const moment = makeMoment(id, seq, { frameRate });
    return { ...moment, mediaTime: media?.(seq) ?? moment.mediaTime, wallTime: START + wall(seq) };
  });
  await Promise.all(moments.map((moment, at) => db.store.moments.append(moment, [], moments[at - 1])));
  return { id, moments };
}

describe.each(Object.entries(SOURCES))('of %s', (_, clocks) => {
  it('a range of the wall clock is the seconds of media time that hold its moments, and no others', async () => {
    const { id, moments } = await record(clocks);
    const random = randomFrom(7);
    const times = moments.map(({ wallTime }) => wallTime);
    const [least, most] = [Math.min(...times), Math.max(...times)];
    const instant = () => Math.floor(least - 5_000 + random() * (most - least + 10_000));
    for (let round = 0; round < 60; round++) {
      const [one, other] = [instant(), instant()];
      const range: TimeRange = {
        clock: 'WALL',
        from: round % 7 === 0 ? Number.NEGATIVE_INFINITY : Math.min(one, other),
        to: round % 11 === 0 ? Number.POSITIVE_INFINITY : Math.max(one, other) + 1,
      };
      const stretches = (await mediaStretches(db.store.prisma, [id], range)).get(id) ?? [];
      const held = moments.filter(({ wallTime }) => wallTime >= range.from && wallTime < range.to);
      // Of a second as a whole, since sums are of seconds: it is held where its wall times touch the range.
      const touched = secondsTouched(moments, range);
      const inside = moments.filter(({ mediaTime }) =>
        stretches.some((s) => s.start <= mediaTime && mediaTime < s.end),
      );
      expect(secondsOf(inside)).toEqual(touched);
      for (const { mediaTime } of held) expect(touched).toContain(Math.floor(mediaTime));
      const ends = stretches.flatMap(({ start, end }) => [start, end]);
      expect(ends).toEqual([...ends].sort((a, b) => a - b));
      const runs = await momentRuns(db.store.prisma, id, range);
      const read = moments.filter(({ seq }) =>
        runs.some((r) => r.fromSeq <= seq && seq < (r.toSeq ?? Infinity)),
      );
      expect(read).toEqual(inside);
    }
  });

  it('a range of media time is its moments, and those of the seconds at its ends', async () => {
    const { id, moments } = await record(clocks);
    const [run] = await momentRuns(db.store.prisma, id, { clock: 'MEDIA', from: 20.5, to: 40.25 });
    const read = moments.filter(({ seq }) => run && run.fromSeq <= seq && seq < (run.toSeq ?? Infinity));
    expect(read).toEqual(moments.filter(({ mediaTime }) => mediaTime >= 20 && mediaTime < 41));
    expect(await momentRuns(db.store.prisma, id, { clock: 'MEDIA', from: 1e300, to: Infinity })).toEqual([]);
  });
});

it('of a hole, a range has the part that the wall clock says', async () => {
  const { id } = await record(SOURCES['a live source with a hole of ten minutes']!);
  // Media time and wall time run alike; the source was away from 100.5 to 700.5.
  const at = async (from: number, to: number) => {
    const range = { clock: 'WALL', from: START + from * 1000, to: START + to * 1000 } as const;
    const found = await mediaStretches(db.store.prisma, [id], range);
    return (found.get(id) ?? []).map(({ start, end }) => [start, end]);
  };
  expect(await at(50, 300)).toEqual([[50, 301]]);
  expect(await at(400, 720)).toEqual([[399, 720]]);
  expect(await at(50, 720)).toEqual([[50, 720]]);
  expect(await at(200, 300)).toEqual([]);
});

it('stretches of several sessions are found by one statement, and those of others are not told', async () => {
  const [one, two] = [
    await record(SOURCES['a frame each eight seconds']!),
    await record({ frameRate: 1, wall: (seq) => seq * 1000 + 3_600_000 }),
  ];
  let statements = 0;
  const reader = {
    $queryRawUnsafe: ((...args: [string]) => {
      statements += 1;
      return db.store.prisma.$queryRawUnsafe(...args);
    }) as never,
  };
  const range = { clock: 'WALL', from: START + 3_600_000, to: START + 3_610_000 } as const;
  const found = await mediaStretches(reader, [one.id, two.id], range);
  expect(statements).toBe(1);
  expect([...found].map(([id, [stretch]]) => [id, stretch?.start, stretch?.end]).sort()).toEqual(
    [
      [one.id, 3600, 3611],
      [two.id, 0, 10],
    ].sort(),
  );
  expect((await mediaStretches(reader, [two.id], range)).has(one.id)).toBe(false);
});

function secondsTouched(moments: readonly Moment[], { from, to }: TimeRange): number[] {
  return secondsOf(moments).flatMap((second) => {
    const inside = moments.filter(({ mediaTime }) => Math.floor(mediaTime) === second);
    const times = inside.map(({ wallTime }) => wallTime);
    return Math.min(...times) < to && Math.max(...times) >= from ? [second] : [];
  });
}

function secondsOf(moments: readonly Moment[]): number[] {
  return [...new Set(moments.map(({ mediaTime }) => Math.floor(mediaTime)))];
}
