import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { createStore, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
let id: string;
let moments: Moment[];

beforeAll(async () => {
  db = await createStore();
  ({ id } = await db.session());
  // Two hours and some: one frame each 9.7 s, so that every span has edges inside.
  moments = Array.from({ length: 800 }, (_, seq) =>
    quantise(makeMoment(id, seq, { frameRate: 1 / 9.7, faces: seq % 3 })),
  );
  await Promise.all(moments.map((moment) => db.store.moments.append(moment, [])));
});
afterAll(() => db.dispose());

/** What the raw rows of a stretch give. */
function fromRaw(start: number, end: number, track = 0) {
  const inside = moments.filter(
    ({ mediaTime }) => Math.floor(mediaTime) >= start && Math.floor(mediaTime) < end,
  );
  const faces = inside.flatMap(({ faces }) => faces).filter((face) => track === 0 || face.track === track);
  const frames = track === 0 ? inside.length : faces.length;
  if (frames === 0) return null;
  const busy = inside.reduce((sum, { dropped }) => sum + (dropped.busy ?? 0), 0);
  const mean = (values: number[]) =>
    faces.length === 0
      ? null
      : expect.closeTo(values.reduce((sum, value) => sum + value, 0) / faces.length, 9);
  return {
    start,
    end,
    frames,
    dropped: busy === 0 ? {} : { busy },
    readings: faces.length,
    abstained: faces.filter(({ expression }) => expression === null).length,
    labels: EXPRESSIONS.map((label) => faces.filter(({ expression }) => expression === label).length),
    probabilities:
      faces.length === 0
        ? null
        : EXPRESSIONS.map((_, at) => mean(faces.map((face) => face.probabilities[at]!))),
    valence: mean(faces.map(({ valence }) => valence)),
    arousal: mean(faces.map(({ arousal }) => arousal)),
    quality: mean(faces.map(({ quality }) => quality.score)),
    coverage: frames / (inside.length + busy),
  };
}

function bucketsFromRaw(bucket: number, from = 0, to = 7752, track = 0) {
  const buckets = [];
  for (let start = Math.floor(from / bucket) * bucket; start < to; start += bucket) {
    buckets.push(fromRaw(Math.max(start, from), Math.min(start + bucket, to), track));
  }
  return buckets.filter((bucket) => bucket !== null);
}

describe('aggregates', () => {
  it.each([1, 7, 10, 60, 90, 600, 3600, 7200])(
    'aggregates in buckets of %i s equal what the raw rows give',
    async (seconds) => {
      const last = Math.floor(moments.at(-1)!.mediaTime) + 1;
      expect(await db.store.rollups.aggregate(id, { bucketMs: seconds * 1000 })).toEqual(
        bucketsFromRaw(seconds, 0, last),
      );
    },
  );

  it.each([
    [60, 59, 4000],
    [3600, 3599, 7201],
    [3600, 100, 200],
    [60, 0.5, 60.5],
  ])(
    'aggregates in buckets of %i s from %d to %d equal what the raw rows give',
    async (seconds, from, to) => {
      expect(await db.store.rollups.aggregate(id, { bucketMs: seconds * 1000, from, to })).toEqual(
        bucketsFromRaw(seconds, Math.floor(from), Math.ceil(to)),
      );
    },
  );

  it('aggregates of one track equal what the raw rows give', async () => {
    const last = Math.floor(moments.at(-1)!.mediaTime) + 1;
    expect(await db.store.rollups.aggregate(id, { bucketMs: 600_000, track: 2 })).toEqual(
      bucketsFromRaw(600, 0, last, 2),
    );
    expect(await db.store.rollups.aggregate(id, { bucketMs: 600_000, track: 9 })).toEqual([]);
  });

  it('summaries of one session and of several equal what the raw rows give', async () => {
    const whole = { ...fromRaw(0, Math.floor(moments.at(-1)!.mediaTime) + 1), tracks: 2 };
    const empty = await db.session();
    expect(await summaryOf(db.store, id)).toEqual(whole);
    const [first, none, second] = await db.store.rollups.summaries([id, empty.id, id]);
    expect([first, second]).toEqual([whole, whole]);
    expect(none).toMatchObject({ frames: 0, readings: 0, valence: null, coverage: 0, tracks: 0 });
  });
});

it.each([0, 500, 1500, -1000, Number.NaN])('a bucket of %d ms is refused', async (bucketMs) => {
  await expect(db.store.rollups.aggregate(id, { bucketMs })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

it('unknown sessions and empty stretches give no buckets', async () => {
  expect(await db.store.rollups.aggregate('garbage', { bucketMs: 1000 })).toEqual([]);
  expect(await db.store.rollups.aggregate(id, { bucketMs: 1000, from: 9e9 })).toEqual([]);
  expect(await db.store.rollups.aggregate(id, { bucketMs: 1000, from: 50, to: 50 })).toEqual([]);
});

describe('a session of ten million readings', () => {
  const SECONDS = 1_000_000;
  /** Of the seconds only those that are asked for: writing all of them takes longer than the rest of the tests. */
  const GENERATED = [
    [1, 'WHERE s < 1300 OR s BETWEEN 500000 AND 503700 OR s > 998000'],
    [10, ''],
    [60, ''],
    [600, ''],
    [3600, ''],
  ] as const;
  let big: string;

  beforeAll(async () => {
    big = (await db.session()).id;
    for (const [span, where] of GENERATED) {
      await db.store.prisma.$executeRawUnsafe(`INSERT INTO rollup SELECT '${big}', ${span}, 0, s,
        least(${span}, ${SECONDS} - s) * 10, 0, 0, 0, least(${span}, ${SECONDS} - s) * 10, 0,
        ARRAY[least(${span}, ${SECONDS} - s) * 10, 0, 0, 0, 0, 0, 0, 0],
        array_fill(least(${span}, ${SECONDS} - s)::bigint * 125000, ARRAY[8]), 0, 0, 0
        FROM generate_series(0, ${SECONDS - 1}, ${span}) AS s ${where}`);
    }
  });

  it.each([
    { bucketMs: 3_600_000, buckets: 278 },
    { bucketMs: 600_000, buckets: 1667 },
    { bucketMs: 60_000, buckets: 16_667 },
    { bucketMs: 1000, from: 500_000, to: 503_600, buckets: 3600 },
    { bucketMs: 3_600_000, from: 1234, to: 998_765, buckets: 278 },
  ])('ten million readings are aggregated from few rollups: %o', async ({ buckets, ...options }) => {
    const answer = await db.store.rollups.aggregate(big, options);
    expect(answer).toHaveLength(buckets);
    const whole = Math.min(options.to ?? SECONDS, SECONDS) - (options.from ?? 0);
    expect(answer.reduce((sum, { readings }) => sum + readings, 0)).toBe(whole * 10);
    expect(answer[1]!.probabilities).toEqual(Array(8).fill(0.125));
  });

  it('ten million readings are summarised', async () => {
    expect(await summaryOf(db.store, big)).toMatchObject({
      readings: 10_000_000,
      start: 0,
      end: SECONDS,
    });
  });

  it('a million buckets are refused with a way out', async () => {
    const refusal = db.store.rollups.aggregate(big, { bucketMs: 1000 });
    await expect(refusal).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('50000 ms'),
    });
  });
});
