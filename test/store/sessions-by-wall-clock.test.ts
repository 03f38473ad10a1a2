import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import type { Grouping, SessionsGroup } from '../../src/domain/sessions-aggregate.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import type { Recorded } from './plain-sums.ts';
import { RECORDED_FROM, recordSessions } from './recorded-sessions.ts';

let db: TestStore;
let recorded: Recorded[];

beforeAll(async () => {
  db = await createStore();
  recorded = await recordSessions(db.store, 3, 12);
});
afterAll(() => db.dispose());

const UTC = { timeZone: 'UTC' };
const BY_DAY: Grouping[] = [{ by: 'DAY' }];
const BY_HOUR: Grouping[] = [{ by: 'HOUR' }];
const MINUTE = 60_000;
/** Where the clocks of machines without one begin. */
const IN_2000 = Date.UTC(2000, 0, 1);
/** A moment belongs to one side as a whole, and stands for a minute at most; and seconds are not cut. */
const LONGEST = 61;
const midway = RECORDED_FROM + 110 * MINUTE;

describe('sums over sessions by the wall clock', () => {
  it.each([
    ['DAY', 'UTC'],
    ['DAY', 'Europe/Berlin'],
    ['HOUR', 'UTC'],
    ['HOUR', 'Asia/Kolkata'],
  ] as const)('by %s in %s hold what begins in them, and add up to the whole', async (by, timeZone) => {
    const groups = await db.store.aggregateSessions(recorded, { groupBy: [{ by }], timeZone });
    expect(groups.length).toBeGreaterThan(1);
    for (const { period, frames, elapsed, sessions } of groups) {
      const { start, end } = period!;
      expect(frames).toBe(framesBeginningIn(recorded, start, end));
      expect(Math.abs(elapsed - timeIn(recorded, start, end))).toBeLessThan(LONGEST * sessions);
    }
    await expectWhole(groups);
  });

  it.each([
    [[{ by: 'DAY' }, { by: 'TAG', key: 'room' }]],
    [[{ by: 'TAG', key: 'room' }, { by: 'HOUR' }]],
    [[{ by: 'HOUR' }, { by: 'SESSION' }]],
    [[{ by: 'SESSION' }, { by: 'DAY' }]],
    [[{ by: 'STREAM' }, { by: 'HOUR' }]],
    [[{ by: 'DAY' }, { by: 'STREAM' }, { by: 'TAG', key: 'room' }]],
  ] as Grouping[][][])('groups come in the order of %j, by the first of them first', async (groupBy) => {
    const groups = await db.store.aggregateSessions(recorded, { groupBy, ...UTC });
    const streams = [...new Set(recorded.map(({ streamId }) => streamId))];
    const placeOf = (group: SessionsGroup, { by }: Grouping): string => {
      if (by === 'TAG') return group.tags[0]!.value ?? '~';
      if (by === 'STREAM') return String(streams.indexOf(group.streamId!)).padStart(3, '0');
      if (by === 'SESSION')
        return String(recorded.findIndex(({ id }) => id === group.sessionId)).padStart(3, '0');
      return String(group.period!.start);
    };
    const places = groups.map((group) => groupBy.map((grouping) => placeOf(group, grouping)).join());
    expect(new Set(places).size).toBeGreaterThan(3);
    expect(places).toEqual([...places].sort());
    await expectWhole(groups);
  });

  it.each([60, 61, 3600])('in buckets of %i s hold what begins in them', async (seconds) => {
    const bucket = { seconds, align: { at: 'WALL' } } as const;
    const [group] = await db.store.aggregateSessions(recorded, { groupBy: [], bucket, ...UTC });
    for (const { clock, start, end, frames } of group!.buckets!) {
      expect([clock, start % (seconds * 1000), end - start]).toEqual(['WALL', 0, seconds * 1000]);
      expect(frames).toBe(framesBeginningIn(recorded, start, end));
    }
    expect(group!.buckets!.reduce((sum, { frames }) => sum + frames, 0)).toBe(group!.frames);
  });

  it.each([
    [midway, midway + 90 * MINUTE],
    [midway + 1234, midway + 234_567],
    [-Infinity, midway],
    [midway, Infinity],
  ])('from %d to %d hold the seconds that the range touches', async (start, end) => {
    const range = { clock: 'WALL', from: start, to: end } as const;
    const [group] = await db.store.aggregateSessions(recorded, { groupBy: [], range, ...UTC });
    const inside = recorded.flatMap(({ moments }) =>
      moments.filter(({ mediaTime }) => {
        const near = moments.filter((one) => Math.floor(one.mediaTime) === Math.floor(mediaTime));
        return near.at(-1)!.wallTime >= start && near[0]!.wallTime < end;
      }),
    );
    expect(inside.length).toBeGreaterThan(0);
    expect(group!.frames).toBe(inside.length);
    expect(group!.sessions).toBeLessThan(recorded.length);
  });

  it('a session that lasts longer than an hour is in several, each time as one session', async () => {
    const long = recorded.filter(({ source }) => source.end - source.start > 3600);
    expect(long.length).toBeGreaterThan(0);
    const groupBy: Grouping[] = [{ by: 'SESSION' }, ...BY_HOUR];
    const groups = await db.store.aggregateSessions(long, { groupBy, ...UTC });
    expect(groups.length).toBeGreaterThan(long.length);
    for (const { sessions } of groups) expect(sessions).toBe(1);
  });

  it('a pause belongs to both sides of midnight, as long as it lasted there', async () => {
    const session = { ...(await db.session()), tags: {} };
    await append(session.id, [
      { mediaTime: 0, wallTime: Date.parse('2026-05-01T23:59:00Z') },
      { mediaTime: 150, wallTime: Date.parse('2026-05-02T00:01:30Z') },
    ]);
    const groups = await db.store.aggregateSessions([session], { groupBy: BY_DAY, ...UTC });
    expect(groups).toMatchObject([
      { frames: 1, covered: 1, elapsed: 60 },
      { frames: 1, covered: 1, elapsed: 91 },
    ]);
  });

  it('of a recording that is read faster than it was filmed, moments count when they were read', async () => {
    const session = { ...(await db.session()), tags: {} };
    const midnight = Date.parse('2026-05-04T00:00:00Z');
    // A minute of it takes a second.
    const places = Array.from({ length: 120 }, (_, at) => ({
      mediaTime: at,
      wallTime: midnight + ((at - 60) * 1000) / 60,
    }));
    await append(session.id, places);
    const groups = await db.store.aggregateSessions([session], { groupBy: BY_DAY, ...UTC });
    expect(groups).toMatchObject([
      { frames: 60, elapsed: 60 },
      { frames: 60, elapsed: 60 },
    ]);
  });

  it('a session that never had a frame lies in the day in which it began', async () => {
    const session = { ...(await db.session()), tags: {} };
    await db.store.moments.finish(session.id, [], { worker: 3 });
    const [group, ...others] = await db.store.aggregateSessions([session], { groupBy: BY_DAY, ...UTC });
    expect(others).toEqual([]);
    expect(group).toMatchObject({ sessions: 1, frames: 0, dropped: { worker: 3 } });
    const { startedAt } = (await db.store.sessions.get(session.id))!;
    expect(group!.period!.start).toBe(Date.parse(startedAt.toISOString().slice(0, 10)));
  });

  it('however many sessions and hours there are, the database is asked five times', async () => {
    let statements = 0;
    const stop = db.store.onQuery(() => statements++);
    await db.store.aggregateSessions(recorded, { groupBy: BY_HOUR, ...UTC });
    stop();
    // Times, borders, sums of single rollups and of several, tracks.
    expect(statements).toBe(5);
  });

  it('too many borders are refused with a way out', async () => {
    const bucket = { seconds: 1, align: { at: 'WALL' } } as const;
    const many = Array.from({ length: 9 }, () => recorded).flat();
    const asked = db.store.aggregateSessions(many, { groupBy: [], bucket, ...UTC });
    await expect(asked).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('20000 is the most'),
    });
  });

  /** A frame every ten seconds from noon on; behind the third the clock is set back by 25. */
  async function setBackOnce() {
    const session = { ...(await db.session()), tags: {} };
    const noon = Date.parse('2026-05-06T12:00:00Z');
    const wallTimes = [0, 10, 20, 5, 15, 25].map((seconds) => noon + seconds * 1000);
    await append(
      session.id,
      wallTimes.map((wallTime, at) => ({ mediaTime: at * 10, wallTime })),
    );
    return { session, noon };
  }

  it('of a session whose clock was set back, each stretch counts, and the session once', async () => {
    const { session, noon } = await setBackOnce();
    const range = { clock: 'WALL', from: noon + 8_000, to: noon + 12_000 } as const;
    const options = { groupBy: [], range, ...UTC };
    const [group] = await db.store.aggregateSessions([session], options);
    expect(group).toMatchObject({ sessions: 1, frames: 1 });
    const wide = { ...range, from: noon + 7_000, to: noon + 17_000 };
    const [both] = await db.store.aggregateSessions([session], { ...options, range: wide });
    expect(both).toMatchObject({ sessions: 1, frames: 2 });
    expect(both!.perSession().valence.n).toBe(1);
  });

  it('a face that is seen in both stretches of a range, between which a clock was set back, is one track', async () => {
    const { session, noon } = await setBackOnce();
    const range = { clock: 'WALL', from: noon + 7_000, to: noon + 17_000 } as const;
    for (const groupBy of [[], BY_DAY]) {
      const [group] = await db.store.aggregateSessions([session], { groupBy, range, ...UTC });
      expect(group).toMatchObject({ frames: 2, tracks: 1 });
    }
  });

  it('of a session that began before its clock was set, days are told in which it was there, and others with it', async () => {
    const other = { ...(await db.session()), tags: {} };
    const session = { ...(await db.session()), tags: {} };
    const noon = Date.parse('2026-05-06T12:00:00Z');
    await append(
      other.id,
      [0, 1].map((mediaTime) => ({ mediaTime, wallTime: noon + mediaTime * 1000 })),
    );
    // Five seconds after its start the network tells it the time; an hour later it pauses for two days.
    const places = [
      ...[0, 1, 2, 3, 4].map((mediaTime) => ({ mediaTime, wallTime: IN_2000 + mediaTime * 1000 })),
      ...[5, 6, 3600].map((mediaTime) => ({ mediaTime, wallTime: noon + mediaTime * 1000 })),
      { mediaTime: 180_000, wallTime: noon + 180_000_000 },
    ];
    await append(session.id, places);
    const days = await db.store.aggregateSessions([other, session], { groupBy: BY_DAY, ...UTC });
    const day = (start: string) => ({ start: Date.parse(start), end: Date.parse(start) + 86_400_000 });
    expect(days).toMatchObject([
      { period: day('2000-01-01'), sessions: 1, frames: 5, elapsed: 5 },
      { period: day('2026-05-06'), sessions: 2, frames: 5, elapsed: 2 + 43_200 - 5 },
      { period: day('2026-05-07'), sessions: 1, frames: 0, elapsed: 86_400 },
      { period: day('2026-05-08'), sessions: 1, frames: 1, elapsed: 180_001 - 43_200 - 86_400 },
    ]);
    const hours = await db.store.aggregateSessions([session], { groupBy: BY_HOUR, ...UTC });
    expect(hours.map(({ period }) => period!.start).slice(0, 3)).toEqual([IN_2000, noon, noon + 3_600_000]);
    expect(hours.reduce((sum, { elapsed }) => sum + elapsed, 0)).toBe(180_001);
    const bucket = { seconds: 60, align: { at: 'WALL' } } as const;
    const [group] = await db.store.aggregateSessions([session], { groupBy: [], bucket, ...UTC });
    const starts = [IN_2000, noon, noon + 3_600_000, noon + 180_000_000];
    expect(group!.buckets!.map(({ start }) => start)).toEqual(starts);
  });

  it('of a session whose clock went back by years, what follows stays in the day before, and no other day is told', async () => {
    const session = { ...(await db.session()), tags: {} };
    const noon = Date.parse('2026-05-06T12:00:00Z');
    const wallTimes = [noon, noon + 1000, ...[0, 1000, 2000].map((at) => IN_2000 + at)];
    await append(
      session.id,
      wallTimes.map((wallTime, mediaTime) => ({ mediaTime, wallTime })),
    );
    const days = await db.store.aggregateSessions([session], { groupBy: BY_DAY, ...UTC });
    expect(days.map(({ frames }) => frames)).toEqual([5]);
  });

  it.each([
    ['by two days, what follows stays in the day', 2 * 1440, BY_DAY, [60]],
    ['by two hours, what follows stays in the hour', 120, BY_HOUR, [60]],
    [
      'by half a minute, what follows stays in the bucket until the clock has come as far again',
      0.5,
      [],
      [10, 40, 10],
    ],
  ] as const)(
    'of a clock that was set back %s, and ranges give each stretch',
    async (_, minutes, groupBy, expected) => {
      const session = { ...(await db.session()), tags: {} };
      const noon = Date.parse('2026-05-03T12:00:00Z');
      const places = Array.from({ length: 60 }, (__, at) => ({
        mediaTime: at,
        wallTime: noon + at * 1000 - (at < 20 ? 0 : minutes * MINUTE),
      }));
      await append(session.id, places);
      const bucket = { seconds: 10, align: { at: 'WALL' } } as const;
      const asked = { groupBy, ...(groupBy.length === 0 && { bucket }), ...UTC };
      const groups = await db.store.aggregateSessions([session], asked);
      const told = groups.flatMap(({ buckets, frames }) => buckets?.map((one) => one.frames) ?? [frames]);
      expect(told).toEqual(expected);
      const border = noon - (minutes * MINUTE) / 2;
      for (const [from, to] of [
        [-Infinity, border],
        [border, Infinity],
      ] as const) {
        const range = { clock: 'WALL', from, to } as const;
        const [group] = await db.store.aggregateSessions([session], { groupBy: [], range, ...UTC });
        expect(group!.frames).toBe(places.filter(({ wallTime }) => wallTime >= from && wallTime < to).length);
      }
    },
  );

  it('a time zone that nobody knows is refused, whether days are asked for or not', async () => {
    for (const groupBy of [BY_DAY, []]) {
      const asked = db.store.aggregateSessions(recorded, { groupBy, timeZone: 'Mars/Olympus' });
      await expect(asked).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
  });
});

async function append(id: string, places: readonly Pick<Moment, 'mediaTime' | 'wallTime'>[]): Promise<void> {
  const moments = places.map((place, seq) =>
    quantise({ ...makeMoment(id, seq), ...place, previousDuration: 1, dropped: {} }),
  );
  for (const [seq, moment] of moments.entries()) await db.store.moments.append(moment, [], moments[seq - 1]);
}

/** Of the moments whose second of media time begins in a stretch of the wall clock: where its first moment is. */
function framesBeginningIn(sessions: readonly Recorded[], start: number, end: number): number {
  let frames = 0;
  for (const { moments } of sessions) {
    const began = new Map<number, number>();
    for (const { mediaTime, wallTime } of moments) {
      const second = Math.floor(mediaTime);
      if (!began.has(second)) began.set(second, wallTime);
      if (began.get(second)! >= start && began.get(second)! < end) frames += 1;
    }
  }
  return frames;
}

/** For how many seconds sources were there. */
function timeIn(sessions: readonly Recorded[], start: number, end: number): number {
  return sessions.reduce((sum, { moments: [first], source }) => {
    if (!first) return sum;
    const wall = (seconds: number) => first.wallTime + (seconds - first.mediaTime) * 1000;
    return sum + Math.max(0, Math.min(end, wall(source.end)) - Math.max(start, wall(source.start))) / 1000;
  }, 0);
}

async function expectWhole(groups: readonly SessionsGroup[]): Promise<void> {
  const [all] = await db.store.aggregateSessions(recorded, { groupBy: [], ...UTC });
  const sum = (value: (group: SessionsGroup) => number) =>
    groups.reduce((total, group) => total + value(group), 0);
  expect(sum(({ frames }) => frames)).toBe(all!.frames);
  expect(sum(({ readings }) => readings)).toBe(all!.readings);
  expect(sum(({ covered }) => covered)).toBeCloseTo(all!.covered, 5);
  expect(sum(({ elapsed }) => elapsed)).toBeCloseTo(all!.elapsed, 5);
  expect(sum(({ dropped }) => dropped.busy ?? 0)).toBe(all!.dropped.busy);
  expect(sum(({ durations }) => durations[1]!)).toBeCloseTo(all!.durations[1]!, 5);
}
