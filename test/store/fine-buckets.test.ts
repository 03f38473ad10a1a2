/** Buckets of parts of a second, against those of whole seconds, which rollups give, and against plain sums over the moments. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Aggregate } from '../../src/domain/aggregate.ts';
import { DROP_REASONS } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeMoment } from '../helpers/moments.ts';
import { recordSessions } from './recorded-sessions.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const media = (from = 0, to = Number.POSITIVE_INFINITY) => ({ clock: 'MEDIA', from, to }) as const;
const aggregate = (id: string, seconds: number, more: object = {}) =>
  db.store.rollups.aggregate(id, { bucketMs: seconds * 1000, ...more });

/** Moments of a source that jitters, pauses, and drops frames, at about twelve a second, from a second that is not whole. */
async function record(
  seed: number,
  count: number,
  more: { ends?: boolean } = {},
): Promise<[string, Moment[]]> {
  const { id } = await db.session();
  const random = seeded(seed);
  let mediaTime = 3 + random();
  let previousDuration = 0.08;
  const moments = Array.from({ length: count }, (_, seq) => {
    const place = { mediaTime, previousDuration, wallTime: 1_780_000_000_000 + Math.round(mediaTime * 1000) };
    const moment = quantise({ ...makeMoment(id, seq, { faces: Math.floor(random() * 3) }), ...place });
    const step = random() < 0.03 ? 1 + random() * 4 : 0.05 + random() * 0.08;
    mediaTime += step;
    previousDuration = Math.min(step, 0.12);
    return moment;
  });
  for (const [seq, moment] of moments.entries()) await db.store.moments.append(moment, [], moments[seq - 1]);
  if (more.ends ?? true) await db.store.moments.finish(id, [], {});
  return [id, moments];
}

/** What buckets of parts add up to, by whole seconds. */
function bySecond(buckets: readonly Aggregate[], seconds: number) {
  const sums = new Map<number, Aggregate[]>();
  for (const bucket of buckets) {
    // Where the session begins, a bucket does not begin at a multiple.
    const second = Math.floor((bucket.start + 1e-9) / seconds) * seconds;
    sums.set(second, [...(sums.get(second) ?? []), bucket]);
  }
  return [...sums.values()].map((own) => {
    const sum = (value: (bucket: Aggregate) => number) => own.reduce((total, one) => total + value(one), 0);
    const readings = sum((bucket) => bucket.readings);
    const mean = (value: (bucket: Aggregate) => number | null | undefined) =>
      readings === 0 ? null : expect.closeTo(sum((one) => (value(one) ?? 0) * one.readings) / readings, 9);
    const shown = own.some(({ frames }) => frames > 0) ? own.filter(({ frames }) => frames > 0) : own;
    const dropped = DROP_REASONS.map((reason) => [reason, sum((one) => one.dropped[reason] ?? 0)] as const);
    return {
      startedAt: Math.min(...shown.map(({ startedAt }) => startedAt!)),
      endedAt: Math.max(...shown.map(({ endedAt }) => endedAt!)),
      frames: sum(({ frames }) => frames),
      dropped: Object.fromEntries(dropped.filter(([, lost]) => lost > 0)),
      readings,
      abstained: sum(({ abstained }) => abstained),
      labels: own[0]!.labels.map((_, at) => sum(({ labels }) => labels[at]!)),
      probabilities:
        readings === 0
          ? null
          : own[0]!.labels.map((_, at) => mean(({ probabilities }) => probabilities?.[at])),
      durations: own[0]!.durations.map((_, at) =>
        expect.closeTo(
          sum(({ durations }) => durations[at]!),
          9,
        ),
      ),
      ...{ valence: mean(({ valence }) => valence), arousal: mean(({ arousal }) => arousal) },
      ...{
        quality: mean(({ quality }) => quality),
        covered: expect.closeTo(
          sum(({ covered }) => covered),
          9,
        ),
      },
    };
  });
}

const sumsOf = (buckets: readonly Aggregate[]) =>
  buckets.map(({ start: _, end: __, elapsed: ___, erased: ____, coverage: _____, ...sums }) => sums);

/** Of a track, the picture tells the rest, of the buckets in which it was seen. */
function ofFace({
  dropped: _,
  startedAt: __,
  endedAt: ___,
  ...sums
}: Pick<Aggregate, 'dropped' | 'startedAt' | 'endedAt'>) {
  return sums;
}

const known = new Map<number, ReturnType<typeof record>>();

/** Once for all. */
function recorded(count: number): ReturnType<typeof record> {
  const found = known.get(count) ?? record(count, count);
  known.set(count, found);
  return found;
}

describe('buckets of parts of a second', () => {
  it.each([
    [0.001, 1, 20],
    [0.04, 1, 300],
    [0.1, 1, 300],
    [0.125, 1, 300],
    [0.25, 1, 300],
    [0.3, 3, 300],
    // More than one page.
    [0.5, 1, 1_200],
    [1.5, 3, 1_200],
  ])('of %d s add up to those of %i s, of %i moments', async (bucket, seconds, count) => {
    const [id] = await recorded(count);
    const fine = await aggregate(id, bucket);
    expect(fine.length).toBeGreaterThan(count / 30);
    expect(bySecond(fine, seconds)).toEqual(sumsOf(await aggregate(id, seconds)));
    for (const track of [1, 2]) {
      const ofTrack = bySecond(await aggregate(id, bucket, { track }), seconds);
      expect(ofTrack.map(ofFace)).toEqual(sumsOf(await aggregate(id, seconds, { track })).map(ofFace));
    }
  });

  it('of sessions of all kinds add up to those of whole seconds', async () => {
    for (const { id } of await recordSessions(db.store, 5, 6)) {
      const whole = sumsOf(await aggregate(id, 60));
      expect(bySecond(await aggregate(id, 7.5), 60)).toEqual(whole);
    }
  });

  it('of a session that runs add up, too', async () => {
    const [id] = await record(3, 100, { ends: false });
    expect(bySecond(await aggregate(id, 0.2), 1)).toEqual(sumsOf(await aggregate(id, 1)));
  });

  it('begin at multiples of their length, and are as long, but where the session begins and ends', async () => {
    const [id, moments] = await recorded(300);
    const buckets = await aggregate(id, 0.2);
    const { start, end } = (await db.store.rollups.summaries([id]))[0]!;
    expect(buckets[0]!.start).toBe(start);
    expect(buckets.at(-1)!.end).toBe(end);
    expect(start).toBeCloseTo(moments[0]!.mediaTime, 6);
    for (const bucket of buckets.slice(1, -1)) {
      expect(bucket.start * 5).toBeCloseTo(Math.round(bucket.start * 5), 9);
      expect(bucket.end - bucket.start).toBeCloseTo(0.2, 9);
      expect(bucket.elapsed).toBeCloseTo(0.2, 9);
      expect(bucket.coverage).toBeCloseTo(Math.min(1, bucket.covered / 0.2), 6);
    }
  });

  it('of a range are those that it touches, whole', async () => {
    const [id, moments] = await recorded(300);
    const all = await aggregate(id, 0.25);
    const from = moments[100]!.mediaTime;
    const some = await aggregate(id, 0.25, { range: media(from, from + 2) });
    expect(some.length).toBeGreaterThan(1);
    expect(some).toEqual(all.filter(({ start, end }) => start < from + 2 && end > from));
    const wall = { clock: 'WALL', from: moments[100]!.wallTime, to: moments[150]!.wallTime } as const;
    const byWall = await aggregate(id, 0.25, { range: wall });
    const { start } = byWall[0]!;
    const { end } = byWall.at(-1)!;
    expect(byWall).toEqual(all.filter((bucket) => bucket.start >= start && bucket.end <= end));
    expect(start).toBeLessThanOrEqual(from);
    expect(end).toBeGreaterThanOrEqual(moments[149]!.mediaTime);
  });

  it('of a stretch into which a moment only stands tell that', async () => {
    const { id } = await db.session();
    const moments = [0, 4, 8].map((mediaTime, seq) =>
      quantise({ ...makeMoment(id, seq), mediaTime, previousDuration: 4, dropped: {} }),
    );
    for (const [seq, moment] of moments.entries())
      await db.store.moments.append(moment, [], moments[seq - 1]);
    const buckets = await aggregate(id, 0.5, { range: media(5, 6) });
    expect(buckets).toMatchObject([
      { start: 5, end: 5.5, frames: 0, covered: 0.5, startedAt: moments[1]!.wallTime },
      { start: 5.5, end: 6, frames: 0, covered: 0.5 },
    ]);
    expect(await aggregate(id, 0.5, { range: media(11, 12) })).toMatchObject([
      { covered: 0.5 },
      { covered: 0.5 },
    ]);
  });
});

it('of what was erased in part they add up, and tell how much', async () => {
  const [id, moments] = await record(21, 100);
  const [from, to] = [moments[40]!.mediaTime + 0.01, moments[60]!.mediaTime + 0.02];
  const request = { type: 'RANGE', streamId: null, sessionId: id, clock: 'MEDIA', from, to } as const;
  const requester = { kind: 'TOKEN', id: 't', name: 'somebody' } as const;
  const stop = async () => {};
  const erasure = await db.store.erasures.begin({ request, requester, reason: 'asked for' }, stop);
  await db.store.erasures.run(erasure.id, { removeUpload: async () => {} });
  const fine = await aggregate(id, 0.1);
  expect(bySecond(fine, 1)).toEqual(sumsOf(await aggregate(id, 1)));
  expect(fine.some(({ start }) => start > from + 0.2 && start < to - 0.2)).toBe(false);
});

it('where the retention deleted the moments and keeps their sums, there is no answer but a sentence', async () => {
  const [id, moments] = await record(12, 100);
  const cut = moments[50]!;
  await db.store.prisma.$executeRawUnsafe(
    `DELETE FROM reading WHERE session_id = '${id}' AND seq < ${cut.seq}`,
  );
  await db.store.prisma.$executeRawUnsafe(
    `DELETE FROM moment WHERE session_id = '${id}' AND seq < ${cut.seq}`,
  );
  expect((await aggregate(id, 1)).length).toBeGreaterThan(5);
  await expect(aggregate(id, 0.5)).rejects.toMatchObject({
    code: 'READINGS_EXPIRED',
    message: expect.stringContaining('whole seconds'),
  });
  const later = Math.ceil(cut.mediaTime) + 1;
  const kept = await aggregate(id, 0.5, { range: media(later) });
  expect(bySecond(kept, 1)).toEqual(sumsOf(await aggregate(id, 1, { range: media(later) })));
  // The moment that stands into the first second is gone.
  await db.store.prisma.$executeRawUnsafe(
    `DELETE FROM moment WHERE session_id = '${id}' AND media_time < ${later}`,
  );
  const stands = moments.filter(({ mediaTime }) => mediaTime < later).at(-1)!;
  const next = moments[stands.seq + 1]!;
  if (stands.mediaTime + next.previousDuration > later)
    await expect(aggregate(id, 0.5, { range: media(later) })).rejects.toMatchObject({
      code: 'READINGS_EXPIRED',
    });
});

it('too many moments are counted, not read, and too many buckets told in parts of a second', async () => {
  const { id } = await db.session();
  const moments = Array.from({ length: 3 }, (_, seq) => quantise(makeMoment(id, seq)));
  for (const moment of moments) await db.store.moments.append(moment, []);
  await db.store.prisma.$executeRawUnsafe(
    `UPDATE rollup SET frames = 50001 WHERE session_id = '${id}' AND track = 0`,
  );
  const read: string[] = [];
  const stop = db.store.onQuery((sql) => read.push(sql));
  await expect(aggregate(id, 0.5)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('of 50001 here, and 50000 is the most'),
  });
  stop();
  expect(read.filter((sql) => sql.includes('landmarks'))).toEqual([]);
  const [long] = await recorded(300);
  await expect(aggregate(long, 0.001)).rejects.toMatchObject({
    message: expect.stringMatching(/more than 20000 buckets. Take buckets of at least 0\.00\d seconds/),
  });
});
