/** Sessions that are laid over each other at a marker, against sums made of each reading. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inMicroseconds } from '../../src/domain/quantise.ts';
import type { Grouping, SessionsGroup, SessionsSums } from '../../src/domain/sessions-aggregate.ts';
import { createStore, MODEL, type TestStore } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { expectedOf, type Part, type Recorded } from './plain-sums.ts';
import { recordSessions } from './recorded-sessions.ts';

/** With where it is marked, in order. */
type Marked = Recorded & { markers: number[] };

let db: TestStore;
let marked: Marked[];

beforeAll(async () => {
  db = await createStore();
  const random = seeded(11);
  marked = [];
  for (const session of await recordSessions(db.store, 5, 12)) {
    const { start, end } = session.source;
    const times = Array.from({ length: Math.floor(random() * 4) }, () =>
      inMicroseconds(start + random() * (end - start)),
    );
    // One at a whole second, one behind the end.
    if (random() < 0.4) times.push(Math.ceil(start) + 2);
    if (random() < 0.3) times.push(inMicroseconds(end + random() * 20));
    const markers = [...new Set(times)].sort((a, b) => a - b);
    const all = [...markers.map((media) => ['stimulus', media] as const), ['other', 3] as const];
    await db.store.sessions.mark(
      session.id,
      all.map(([name, media]) => ({ name, when: { media } })),
    );
    marked.push({ ...session, markers });
  }
});
afterAll(() => db.dispose());

const UTC = { timeZone: 'UTC' };
const ROOM: Grouping = { by: 'TAG', key: 'room' };
const SESSION: Grouping = { by: 'SESSION' };
type Asked = Parameters<TestStore['store']['aggregateSessions']>[1];
const ask = (options: Partial<Asked>, sessions: readonly Recorded[] = marked) =>
  db.store.aggregateSessions(sessions, { groupBy: [], ...UTC, ...options });

function told<Told extends SessionsSums>({ perSession, ...sums }: Told) {
  return { ...sums, perSession: perSession() };
}

/** What of a group is not of its key, its tracks or its buckets. */
function sumsOf(group: SessionsGroup) {
  const {
    streamId: _,
    sessionId: __,
    period: ___,
    tags: ____,
    tracks: _____,
    buckets: ______,
    ...sums
  } = group;
  const { leftOut: _______, ...rest } = sums;
  return told(rest);
}

interface Window {
  from: number;
  to: number;
}

/** What lies around markers, from and to so many seconds of each; what is not there is left out. */
function partsAround(
  sessions: readonly Marked[],
  { from, to }: Window,
  asked?: Window,
  holds = true,
): Part[] {
  return sessions.flatMap((session) =>
    session.markers.flatMap((marker) => {
      const cut = {
        from: Math.max(asked?.from ?? 0, inMicroseconds(marker + from)),
        to: Math.min(asked?.to ?? Infinity, inMicroseconds(marker + to)),
      };
      const { start, end } = session.source;
      const holdsEnd = cut.to >= end && holds;
      return Math.max(cut.from, start) < Math.min(cut.to, end) ? [{ session, ...cut, holdsEnd }] : [];
    }),
  );
}

function bucketsAround(sessions: readonly Marked[], window: Window, seconds: number, asked?: Window) {
  const found = [];
  const longest = Math.max(...sessions.map(({ source }) => source.end));
  for (let index = -Math.ceil(longest / seconds) - 1; index * seconds < longest; index++) {
    const [start, end] = [index * seconds, (index + 1) * seconds];
    const within = { from: Math.max(start, window.from), to: Math.min(end, window.to) };
    if (within.from >= within.to) continue;
    // No bucket holds what was dropped behind the last moment.
    const parts = partsAround(sessions, within, asked, false);
    const sums = expectedOf(parts);
    if (parts.some(stands)) found.push({ clock: 'MEDIA', start, end, ...sums });
  }
  return found;
}

/** Whether a moment stands in it. */
function stands({ session: { moments }, from, to }: Part): boolean {
  return moments.some(({ mediaTime, previousDuration }, at) => {
    const time = moments[at + 1]?.previousDuration ?? previousDuration;
    return mediaTime < to && mediaTime + time > from;
  });
}

const leftOut = (sessions: readonly Marked[], parts: readonly Part[]) =>
  sessions.length - new Set(parts.map(({ session }) => session)).size;

const WINDOWS: Window[] = [
  { from: -Infinity, to: Infinity },
  { from: -5.5, to: 30 },
  { from: 0, to: 61.25 },
  { from: -700, to: -0.25 },
  { from: 0, to: 0.3 },
];

describe('around a marker', () => {
  it.each(WINDOWS)('from $from to $to, sums equal what the raw readings give', async (window) => {
    const trials = { marker: 'stimulus', ...window };
    const [group] = await ask({ trials });
    const parts = partsAround(marked, window);
    expect(parts.length).toBeGreaterThan(0);
    expect(sumsOf(group!)).toEqual(expectedOf(parts));
    expect(group!.leftOut).toBe(leftOut(marked, parts));
    expect(group!.leftOut).toBeGreaterThan(0);
    expect(group!.buckets).toBeNull();
  });

  it.each([
    ...WINDOWS.slice(0, 1).flatMap((window) => [60, 90, 600].map((seconds) => ({ ...window, seconds }))),
    ...WINDOWS.slice(1, 3).flatMap((window) => [1, 7, 10].map((seconds) => ({ ...window, seconds }))),
  ])(
    'from $from to $to, buckets of $seconds s equal what the raw readings give',
    async ({ seconds, ...window }) => {
      const bucket = { seconds, align: { at: 'MARKER' } } as const;
      for (const { tags, buckets, leftOut: out } of await ask({
        ...{ trials: { marker: 'stimulus', ...window }, bucket, groupBy: [ROOM] },
      })) {
        const own = marked.filter((session) => (session.tags.room ?? null) === tags[0]!.value);
        expect(out).toBe(leftOut(own, partsAround(own, window)));
        expect(buckets!.map(told)).toEqual(bucketsAround(own, window, seconds));
      }
    },
  );

  it('within a range, buckets are cut at its ends', async () => {
    const window = { from: -20, to: 90 };
    const range = { clock: 'MEDIA', from: 40.5, to: 100 } as const;
    const options = { range, bucket: { seconds: 20, align: { at: 'MARKER' } } } as const;
    const [group] = await ask({ trials: { marker: 'stimulus', ...window }, ...options });
    const asked = { from: 40, to: 100 };
    expect(sumsOf(group!)).toEqual(expectedOf(partsAround(marked, window, asked)));
    expect(group!.buckets!.map(told)).toEqual(bucketsAround(marked, window, 20, asked));
  });

  it('the buckets of days add up to the whole, and who is left out is in no day', async () => {
    const trials = { marker: 'stimulus', from: -600, to: 600 };
    const [all] = await ask({ trials });
    const days = await ask({ trials, groupBy: [{ by: 'DAY' }], timeZone: 'Europe/Berlin' });
    expect(days.length).toBeGreaterThan(2);
    const sum = (value: (group: SessionsGroup) => number) =>
      days.reduce((total, day) => total + value(day), 0);
    expect(sum(({ frames }) => frames)).toBe(all!.frames);
    expect(sum(({ readings }) => readings)).toBe(all!.readings);
    expect(sum(({ elapsed }) => elapsed)).toBeCloseTo(all!.elapsed, 6);
    expect(days.map(({ period, leftOut: out }) => [period === null, out > 0])).toEqual(
      days.map((_, at) => (at === days.length - 1 ? [true, true] : [false, false])),
    );
  });
});

it('a face that is in several trials of a session counts once', async () => {
  const trials = { marker: 'stimulus', from: -Infinity, to: Infinity };
  for (const group of await ask({ trials, groupBy: [SESSION] })) {
    const { markers } = marked.find(({ id }) => id === group.sessionId)!;
    const tracks = await db.store.prisma.track.count({ where: { sessionId: group.sessionId! } });
    if (group.leftOut === 0) expect([group.trials, group.tracks]).toEqual([markers.length, tracks]);
  }
});

it('what was erased counts neither as there nor as missing, also within a second', async () => {
  const one = marked.find(({ markers, moments }) => markers.length > 0 && moments.length > 30)!;
  const marker = one.moments[20]!.mediaTime + 0.1;
  await db.store.sessions.mark(one.id, [{ name: 'erased', when: { media: marker } }]);
  const [from, to] = [one.moments[18]!.mediaTime, one.moments[22]!.mediaTime];
  const { id } = await db.store.erasures.begin(
    {
      request: { type: 'RANGE', sessionId: one.id, streamId: null, clock: 'MEDIA', from, to },
      requester: { kind: 'TOKEN', id: 'x', name: 'x' },
      reason: 'a test',
    },
    async () => {},
  );
  await db.store.erasures.run(id, { removeUpload: async () => {} });
  // The marker lay in it, and is gone with it.
  const [gone] = await ask({ trials: { marker: 'erased', from: -10, to: 10 } }, [one]);
  expect(gone).toMatchObject({ sessions: 0, leftOut: 1, frames: 0 });
  await db.store.sessions.mark(one.id, [{ name: 'erased', when: { media: marker } }]);
  const [group] = await ask({ trials: { marker: 'erased', from: -1000.5, to: 1000.5 } }, [one]);
  const there = one.moments.filter((_, at) => at < 18 || at >= 22);
  const around = there.filter(({ mediaTime }) => Math.abs(mediaTime - marker) < 1000.5);
  expect(group).toMatchObject({ sessions: 1, frames: around.length });
  expect(group!.erased).toBeGreaterThan(0);
  const [whole] = await ask({}, [one]);
  expect(group!.erased).toBeCloseTo(whole!.erased, 6);
});

it('of a marker that no session has, all are told to be left out', async () => {
  const [group, ...others] = await ask({ trials: { marker: 'none', from: 0, to: 1 } });
  expect(others).toEqual([]);
  expect(group).toMatchObject({ sessions: 0, trials: 0, leftOut: marked.length, frames: 0, tracks: 0 });
});

it('however many sessions there are, the database is asked six times', async () => {
  const count = async (sessions: readonly Recorded[]) => {
    let statements = 0;
    const stop = db.store.onQuery(() => statements++);
    const bucket = { seconds: 60, align: { at: 'MARKER' } } as const;
    await ask({ trials: { marker: 'stimulus', from: -10, to: 50 }, bucket }, sessions);
    stop();
    return statements;
  };
  const one = marked.filter(({ markers }) => markers.length > 0).slice(0, 1);
  expect(await count(one)).toBe(6);
  expect(await count(marked)).toBe(6);
});

it('too many markers are refused with a way out', async () => {
  const ids = Array.from({ length: 21 }, () => marked[0]!.streamId);
  const sessions: Recorded[] = [];
  for (const streamId of ids) {
    const { id } = await db.store.sessions.create({ streamId, modelId: MODEL.id });
    const times = Array.from({ length: 1000 }, (_, media) => ({ name: 'often', when: { media } }));
    await db.store.sessions.mark(id, times);
    await db.store.sessions.setState(id, 'ENDED');
    sessions.push({ ...marked[0]!, id });
  }
  const trials = { marker: 'often', from: 0, to: 1 };
  await expect(ask({ trials }, sessions)).rejects.toMatchObject({
    ...{ code: 'BAD_INPUT', message: expect.stringContaining('marked with that name more than 20000 times') },
  });
  expect(await ask({ trials }, sessions.slice(1))).toMatchObject([{ sessions: 0, leftOut: 20 }]);
});

it('too many buckets, and too many seconds that they cut, are refused with a way out', async () => {
  const long = marked.filter(({ markers, source }) => markers.length > 0 && source.end > 3000).slice(0, 1);
  const trials = { marker: 'stimulus', from: -Infinity, to: Infinity };
  const refused = (message: string) => ({ code: 'BAD_INPUT', message: expect.stringContaining(message) });
  const bucket = { seconds: 1, align: { at: 'MARKER' } } as const;
  await expect(ask({ trials, bucket }, Array(100).fill(long[0]))).rejects.toMatchObject(
    refused('100000 is the most'),
  );
  await expect(ask({ trials, bucket }, Array(10).fill(long[0]))).rejects.toMatchObject(
    refused('seconds would be cut'),
  );
});
