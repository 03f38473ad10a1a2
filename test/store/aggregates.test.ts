import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { createStore, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

/** Where the last of 800 moments ends, 9.7 s each. */
const LAST = 7760;
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

const media = (from = 0, to = Number.POSITIVE_INFINITY) => ({ clock: 'MEDIA', from, to }) as const;

/** What the raw rows of a stretch give. */
function fromRaw(start: number, end: number, track = 0) {
  const inside = moments.filter(
    ({ mediaTime }) => Math.floor(mediaTime) >= start && Math.floor(mediaTime) < end,
  );
  const overlap = ({ mediaTime, previousDuration }: Moment) =>
    Math.max(0, Math.min(end, mediaTime + previousDuration) - Math.max(start, mediaTime));
  const timeOf = (shown: Moment[]) => shown.reduce((sum, moment) => sum + overlap(moment), 0);
  const near = moments.filter(({ mediaTime }) => mediaTime > start - 10 && mediaTime < end);
  const seen = near.filter(({ faces }) => track === 0 || faces.some((face) => face.track === track));
  const covered = timeOf(seen);
  const labelled = (label: string) =>
    near.flatMap((moment) =>
      moment.faces
        .filter((face) => face.expression === label && (track === 0 || face.track === track))
        .map(() => moment),
    );
  const elapsed = Math.min(end, moments.at(-1)!.mediaTime + 9.7) - start;
  const faces = inside.flatMap(({ faces }) => faces).filter((face) => track === 0 || face.track === track);
  const frames = track === 0 ? inside.length : faces.length;
  if (covered === 0) return null;
  const busy = inside.reduce((sum, { dropped }) => sum + (dropped.busy ?? 0), 0);
  const mean = (values: number[]) =>
    faces.length === 0
      ? null
      : expect.closeTo(values.reduce((sum, value) => sum + value, 0) / faces.length, 9);
  const shown = inside.length > 0 ? inside : near.filter(({ mediaTime }) => mediaTime < start).slice(-1);
  const times = shown.map(({ wallTime }) => wallTime);
  return {
    start,
    end,
    ...{ startedAt: Math.min(...times), endedAt: Math.max(...times) },
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
    durations: EXPRESSIONS.map((label) => expect.closeTo(timeOf(labelled(label)), 5)),
    covered: expect.closeTo(covered, 5),
    elapsed: expect.closeTo(elapsed, 5),
    erased: 0,
    coverage: expect.closeTo(covered / elapsed, 5),
  };
}

function bucketsFromRaw(bucket: number, from = 0, to = LAST, track = 0) {
  const buckets = [];
  for (let start = Math.floor(from / bucket) * bucket; start < to; start += bucket) {
    buckets.push(fromRaw(Math.max(start, from), Math.min(start + bucket, to), track));
  }
  return buckets.filter((bucket) => bucket !== null);
}

it('the summary of a session in which nothing could be scored tells what was lost', async () => {
  const lost = await db.session();
  await db.store.moments.finish(lost.id, [], { worker: 3, store: 1 });
  expect(await summaryOf(db.store, lost.id)).toMatchObject({
    ...{ start: 0, end: 0, frames: 0, tracks: 0, coverage: 0 },
    dropped: { worker: 3, store: 1 },
  });
  const empty = await db.session();
  expect(await summaryOf(db.store, empty.id)).toMatchObject({ frames: 0, dropped: {}, coverage: 0 });
});

describe('aggregates', () => {
  it.each([1, 7, 10, 60, 90, 600, 3600, 7200])(
    'aggregates in buckets of %i s equal what the raw rows give',
    async (seconds) => {
      const last = LAST;
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
      expect(
        await db.store.rollups.aggregate(id, { bucketMs: seconds * 1000, range: media(from, to) }),
      ).toEqual(bucketsFromRaw(seconds, Math.floor(from), Math.ceil(to)));
    },
  );

  it('aggregates of one track equal what the raw rows give', async () => {
    const last = LAST;
    expect(await db.store.rollups.aggregate(id, { bucketMs: 600_000, track: 2 })).toEqual(
      bucketsFromRaw(600, 0, last, 2),
    );
    expect(await db.store.rollups.aggregate(id, { bucketMs: 600_000, track: 9 })).toEqual([]);
  });

  it('summaries of one session and of several equal what the raw rows give', async () => {
    const whole = { ...fromRaw(0, LAST), tracks: 2, smallestFace: null };
    const empty = await db.session();
    expect(await summaryOf(db.store, id)).toEqual(whole);
    const [first, none, second] = await db.store.rollups.summaries([id, empty.id, id]);
    expect([first, second]).toEqual([whole, whole]);
    expect(none).toMatchObject({ frames: 0, readings: 0, valence: null, coverage: 0, tracks: 0 });
  });
});

it.each([0, 0.5, 1500.5, -1000, Number.NaN])('a bucket of %d ms is refused', async (bucketMs) => {
  await expect(db.store.rollups.aggregate(id, { bucketMs })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

it('unknown sessions and empty stretches give no buckets', async () => {
  expect(await db.store.rollups.aggregate('garbage', { bucketMs: 1000 })).toEqual([]);
  expect(await db.store.rollups.aggregate(id, { bucketMs: 1000, range: media(9e9, Infinity) })).toEqual([]);
  expect(await db.store.rollups.aggregate(id, { bucketMs: 1000, range: media(50, 50) })).toEqual([]);
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
      await db.store.prisma.$executeRawUnsafe(`INSERT INTO rollup (session_id, span, track, second, frames, dropped_busy,
        dropped_worker, dropped_store, readings, abstained, labels, probabilities, durations, valence, arousal,
        quality)
        SELECT '${big}', ${span}, 0, s, least(${span}, ${SECONDS} - s) * 10, 0, 0, 0, least(${span}, ${SECONDS} - s) * 10, 0,
        ARRAY[least(${span}, ${SECONDS} - s) * 10, 0, 0, 0, 0, 0, 0, 0],
        array_fill(least(${span}, ${SECONDS} - s)::bigint * 125000, ARRAY[8]), array_fill(0::bigint, ARRAY[8]), 0, 0, 0
        FROM generate_series(0, ${SECONDS - 1}, ${span}) AS s ${where}`);
    }
    await db.store.prisma.session.update({ where: { id: big }, data: { mediaStart: 0, mediaEnd: SECONDS } });
  });

  it.each([
    { bucketMs: 3_600_000, buckets: 278 },
    { bucketMs: 600_000, buckets: 1667 },
    { bucketMs: 60_000, buckets: 16_667 },
    { bucketMs: 1000, from: 500_000, to: 503_600, buckets: 3600 },
    { bucketMs: 3_600_000, from: 1234, to: 998_765, buckets: 278 },
  ])(
    'ten million readings are aggregated from few rollups: %o',
    async ({ buckets, bucketMs, ...options }) => {
      const range = media(options.from, options.to);
      const answer = await db.store.rollups.aggregate(big, { bucketMs, range });
      expect(answer).toHaveLength(buckets);
      const whole = Math.min(options.to ?? SECONDS, SECONDS) - (options.from ?? 0);
      expect(answer.reduce((sum, { readings }) => sum + readings, 0)).toBe(whole * 10);
      expect(answer[1]!.probabilities).toEqual(Array(8).fill(0.125));
    },
  );

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
      message: expect.stringContaining('at least 50 seconds'),
    });
  });
});

it('a session begins with the frames that were dropped before its first moment, and ends with its recording', async () => {
  const session = await db.session();
  const at = (seq: number, mediaTime: number, more: Partial<Moment> = {}): Moment => ({
    ...{ ...makeMoment(session.id, seq, { faces: 1 }), mediaTime, previousDuration: 0.1, dropped: {} },
    ...more,
  });
  const all = [at(0, 1, { dropped: { busy: 3 } }), at(1, 1.1), at(2, 1.2, { untilEnd: 0.04 })];
  for (const [seq, moment] of all.entries())
    await db.store.moments.append(moment, [], seq === 0 ? undefined : all[seq - 1]);
  expect(await summaryOf(db.store, session.id)).toMatchObject({
    ...{ start: 0.7, end: 1.24, elapsed: expect.closeTo(0.54, 9), covered: expect.closeTo(0.24, 9) },
  });
});
