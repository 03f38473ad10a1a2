import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantise } from '../../src/domain/quantise.ts';
import type { Grouping, SessionsGroup, SessionsSums } from '../../src/domain/sessions-aggregate.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { expectedOf, type Part, type Recorded } from './plain-sums.ts';
import { recordSessions } from './recorded-sessions.ts';

let db: TestStore;
let recorded: Recorded[];

beforeAll(async () => {
  db = await createStore();
  recorded = await recordSessions(db.store, 7, 12);
});
afterAll(() => db.dispose());

const UTC = { timeZone: 'UTC' };
const STREAM: Grouping = { by: 'STREAM' };
const SESSION: Grouping = { by: 'SESSION' };
const ROOM: Grouping = { by: 'TAG', key: 'room' };

const whole = (session: Recorded): Part => ({ session, from: 0, to: Infinity, holdsEnd: true });
const hasTime = ({ session: { source }, from, to }: Part) =>
  Math.max(from, source.start) < Math.min(to, source.end);

/** What of a group is not of its key, its tracks or its buckets. */
function sumsOf({
  streamId: _,
  sessionId: __,
  period: ___,
  tags: ____,
  tracks: _____,
  buckets: ______,
  leftOut: _______,
  ...sums
}: SessionsGroup) {
  return told(sums);
}

/** Without where it lies, and with its means. */
function told<Told extends SessionsSums>({ perSession, ...sums }: Told) {
  return { ...sums, perSession: perSession() };
}

describe('sums over sessions', () => {
  it('all together equal what the raw readings give', async () => {
    const [all, ...others] = await db.store.aggregateSessions(recorded, { groupBy: [], ...UTC });
    expect(others).toEqual([]);
    expect(sumsOf(all!)).toEqual(expectedOf(recorded.map(whole)));
    expect(all!.buckets).toBeNull();
  });

  it('of one session are its summary', async () => {
    const summaries = await db.store.rollups.summaries(recorded.map(({ id }) => id));
    for (const [at, session] of recorded.entries()) {
      const [group] = await db.store.aggregateSessions([session], { groupBy: [], ...UTC });
      const {
        start: _,
        end: __,
        startedAt: ___,
        endedAt: ____,
        smallestFace: _____,
        ...summary
      } = summaries[at]!;
      expect(group).toMatchObject({ ...summary, sessions: 1 });
    }
  });

  it.each([
    { groupBy: [STREAM], keyOf: ({ streamId }: Recorded) => [streamId] },
    { groupBy: [SESSION], keyOf: ({ id }: Recorded) => [id] },
    { groupBy: [ROOM], keyOf: ({ tags }: Recorded) => [tags.room ?? null] },
    { groupBy: [ROOM, STREAM], keyOf: ({ tags, streamId }: Recorded) => [streamId, tags.room ?? null] },
  ])(
    'of groups by $groupBy equal what the raw readings give, and add up to the whole',
    async ({ groupBy, keyOf }) => {
      const groups = await db.store.aggregateSessions(recorded, { groupBy, ...UTC });
      const keys = new Set(recorded.map((session) => JSON.stringify(keyOf(session))));
      expect(groups).toHaveLength(keys.size);
      for (const group of groups) {
        const key = [
          ...[group.streamId, group.sessionId].filter((id) => id !== null),
          ...group.tags.map(({ value }) => value),
        ];
        const own = recorded.filter((session) => JSON.stringify(keyOf(session)) === JSON.stringify(key));
        expect(sumsOf(group)).toEqual(expectedOf(own.map(whole)));
      }
      const [all] = await db.store.aggregateSessions(recorded, { groupBy: [], ...UTC });
      const sum = (value: (group: SessionsGroup) => number) =>
        groups.reduce((total, group) => total + value(group), 0);
      expect(sum(({ frames }) => frames)).toBe(all!.frames);
      expect(sum(({ readings }) => readings)).toBe(all!.readings);
      expect(sum(({ sessions }) => sessions)).toBe(recorded.length);
      expect(sum(({ tracks }) => tracks)).toBe(all!.tracks);
      expect(sum(({ covered }) => covered)).toBeCloseTo(all!.covered, 6);
      expect(sum(({ elapsed }) => elapsed)).toBeCloseTo(all!.elapsed, 6);
      expect(sum(({ dropped }) => dropped.busy ?? 0)).toBe(all!.dropped.busy);
    },
  );

  it('groups by tags come in the order of their values, those without the tag last', async () => {
    const groups = await db.store.aggregateSessions(recorded, { groupBy: [ROOM], ...UTC });
    expect(groups.map(({ tags }) => tags)).toEqual(
      ['east', 'west', null].map((value) => [{ key: 'room', value }]),
    );
  });

  it.each([
    [0, 100],
    [30.5, 90.25],
    [100, 7300],
    [59, Infinity],
    [9e8, Infinity],
  ])('of media time from %d to %d equal what the raw readings give', async (from, to) => {
    const range = { clock: 'MEDIA', from, to } as const;
    const [group] = await db.store.aggregateSessions(recorded, { groupBy: [], range, ...UTC });
    const parts = recorded
      .map((session) => ({ session, from: Math.floor(from), to: Math.ceil(to) }))
      .map((part) => ({ ...part, holdsEnd: part.to >= part.session.source.end }))
      .filter(hasTime);
    expect(sumsOf(group!)).toEqual(expectedOf(parts));
  });

  it('of a range, a day and an hour that reaches the end hold what was dropped there, as its summary does', async () => {
    const lost = recorded.filter(({ moments, trailing }) => moments.length > 0 && trailing.busy > 0);
    expect(lost.length).toBeGreaterThan(2);
    for (const { id, source, moments } of lost) {
      const end = Math.ceil(source.end);
      const ranges = [
        { clock: 'MEDIA', from: 0, to: Infinity },
        { clock: 'MEDIA', from: 0, to: end },
        { clock: 'MEDIA', from: end - 1, to: end + 10 },
        { clock: 'MEDIA', from: 0, to: end - 1 },
        { clock: 'WALL', from: -Infinity, to: Infinity },
        { clock: 'WALL', from: moments.at(-1)!.wallTime, to: Infinity },
      ] as const;
      const session = recorded.find((one) => one.id === id)!;
      for (const range of ranges) {
        const [summary] = await db.store.rollups.summaries([id], range);
        for (const groupBy of [[], [{ by: 'DAY' }], [{ by: 'HOUR' }]] as const) {
          const groups = await db.store.aggregateSessions([session], { groupBy, range, ...UTC });
          const dropped = groups.reduce((sum, group) => sum + (group.dropped.busy ?? 0), 0);
          expect({ range, dropped }).toEqual({ range, dropped: summary!.dropped.busy ?? 0 });
        }
      }
    }
  });

  it.each([7, 10, 60, 90, 600, 3600, 7200])(
    'in buckets of %i s equal what the raw readings give',
    async (seconds) => {
      const bucket = { seconds, align: { at: 'START' } } as const;
      const groups = await db.store.aggregateSessions(recorded, { groupBy: [ROOM], bucket, ...UTC });
      for (const { tags, buckets } of groups) {
        const own = recorded.filter((session) => (session.tags.room ?? null) === tags[0]!.value);
        const last = Math.max(...own.map(({ source }) => source.end));
        const expected = [];
        for (let start = 0; start < last; start += seconds) {
          const end = start + seconds;
          const parts = own.map((session) => ({ session, from: start, to: end, holdsEnd: false }));
          const sums = expectedOf(parts.filter(hasTime));
          if (standsIn(own, start, end)) expected.push({ clock: 'MEDIA', start, end, ...sums });
        }
        expect(buckets!.map(told)).toEqual(expected);
      }
    },
  );

  it('buckets of a range are cut at its ends', async () => {
    const options = { bucket: { seconds: 60, align: { at: 'START' } }, groupBy: [], ...UTC } as const;
    const range = { clock: 'MEDIA', from: 90, to: 200 } as const;
    const [group] = await db.store.aggregateSessions(recorded, { ...options, range });
    const cuts = [
      [60, 90, 120],
      [120, 120, 180],
      [180, 180, 200],
    ] as const;
    expect(group!.buckets!.map(told)).toEqual(
      cuts.map(([start, from, to]) => {
        const parts = recorded.map((session) => ({ session, from, to, holdsEnd: false })).filter(hasTime);
        return { clock: 'MEDIA', start, end: start + 60, ...expectedOf(parts) };
      }),
    );
  });
});

function standsIn(sessions: readonly Recorded[], from: number, to: number): boolean {
  return sessions.some(({ moments }) =>
    moments.some(({ mediaTime, previousDuration }, at) => {
      const stands = moments[at + 1]?.previousDuration ?? previousDuration;
      return mediaTime < to && mediaTime + stands > from;
    }),
  );
}

it('a last moment that stands for nothing, at a whole second, counts in whatever holds it', async () => {
  const session = { ...(await db.session()), tags: {} };
  const moments = [0, 4, 8, 10].map((mediaTime, seq) => ({
    ...quantise({ ...makeMoment(session.id, seq), mediaTime, previousDuration: 1, dropped: {} }),
    ...(mediaTime === 10 && { untilEnd: 0 }),
  }));
  for (const [seq, moment] of moments.entries()) await db.store.moments.append(moment, [], moments[seq - 1]);
  await db.store.moments.finish(session.id, [], { worker: 3 });
  expect(await db.store.prisma.session.findUnique({ where: { id: session.id } })).toMatchObject({
    mediaEnd: 10,
  });
  for (const from of [0, 5, 10]) {
    const range = { clock: 'MEDIA', from, to: Infinity } as const;
    const frames = moments.filter(({ mediaTime }) => mediaTime >= from).length;
    const sums = { frames, dropped: { worker: 3 } };
    expect((await db.store.rollups.summaries([session.id], range))[0]).toMatchObject(sums);
    for (const seconds of [7, 10, 600]) {
      const bucket = { seconds, align: { at: 'START' } } as const;
      const [group] = await db.store.aggregateSessions([session], { groupBy: [], range, bucket, ...UTC });
      expect(group).toMatchObject({ ...sums, sessions: 1 });
      expect(group!.buckets!.reduce((sum, one) => sum + one.frames, 0)).toBe(frames);
    }
  }
  const behind = { clock: 'MEDIA', from: 11, to: Infinity } as const;
  expect((await db.store.rollups.summaries([session.id], behind))[0]).toMatchObject({
    frames: 0,
    dropped: {},
  });
  const [none] = await db.store.aggregateSessions([session], { groupBy: [], range: behind, ...UTC });
  expect(none).toMatchObject({ sessions: 0, frames: 0, dropped: {} });
});

it('nothing is one group of nothing, and no group where groups are asked for', async () => {
  const [none] = await db.store.aggregateSessions([], { groupBy: [], ...UTC });
  expect(none).toMatchObject({ sessions: 0, frames: 0, coverage: 0, valence: null, tracks: 0 });
  expect(none!.perSession().valence).toEqual({ n: 0, mean: null, standardDeviation: null, interval: null });
  expect(await db.store.aggregateSessions([], { groupBy: [STREAM], ...UTC })).toEqual([]);
});

it('sessions that are removed meanwhile are left out', async () => {
  const gone = { ...recorded[0]!, id: '0190b0f0-0000-7000-8000-000000000009' };
  const [group] = await db.store.aggregateSessions([gone], { groupBy: [], ...UTC });
  expect(group).toMatchObject({ sessions: 0, frames: 0 });
});

it('however many sessions there are, the database is asked three times', async () => {
  const count = async (sessions: readonly Recorded[]) => {
    let statements = 0;
    const stop = db.store.onQuery(() => statements++);
    const bucket = { seconds: 60, align: { at: 'START' } } as const;
    await db.store.aggregateSessions(sessions, { groupBy: [SESSION], bucket, ...UTC });
    stop();
    return statements;
  };
  expect(await count(recorded.slice(2, 3))).toBe(3);
  expect(await count(recorded)).toBe(3);
});

it('too many sessions, groups, buckets or sums are refused with a way out', async () => {
  const ask = (sessions: readonly Recorded[], more: object) =>
    db.store.aggregateSessions(sessions, { groupBy: [], ...UTC, ...more });
  const many = (count: number) => Array.from({ length: count }, () => recorded[1]!);
  const bucket = { seconds: 1, align: { at: 'START' } };
  const long = recorded[3]!;
  const refused = (message: string) => ({ code: 'BAD_INPUT', message: expect.stringContaining(message) });
  await expect(ask(many(10_001), {})).rejects.toMatchObject(refused('more than 10000 such sessions'));
  await expect(ask(Array(60).fill(long), { bucket })).rejects.toMatchObject(refused('100000 is the most'));
});
