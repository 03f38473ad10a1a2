/** What is erased is gone: from every table that knows a session, from the sums, and from the files of the embedded database. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ErasureRequest } from '../../src/domain/erasure.ts';
import type { EpisodeEvent, Moment } from '../../src/domain/moment.ts';
import { LANDMARK } from '../../src/domain/quantise.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import {
  createDatabase,
  createSession,
  createStore,
  MODEL,
  STREAM,
  type TestStore,
} from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const REQUESTER = { kind: 'TOKEN', id: 'token-1', name: 'the privacy officer' } as const;
const START = Date.UTC(2026, 10, 24, 12);
const NO_HANDS = { removeUpload: async () => {} };
const nobodyRuns = async () => expect.unreachable('nothing runs');

async function erase(
  store: Store,
  request: ErasureRequest,
  stop: Parameters<Store['erasures']['begin']>[1] = nobodyRuns,
) {
  const { id } = await store.erasures.begin({ request, requester: REQUESTER, reason: 'asked for' }, stop);
  await store.erasures.run(id, NO_HANDS);
  return store.prisma.erasure.findUniqueOrThrow({ where: { id } });
}

const episode = (
  sessionId: string,
  index: number,
  track: number,
  onset: number,
  offset: number | null,
): EpisodeEvent => ({
  kind: offset === null ? 'ONSET' : 'OFFSET',
  episode: {
    ...{ sessionId, index, track, expression: 'FEAR', onset, apex: onset, offset, peak: 0.6 },
    ...{ startedAt: new Date(0), endedAt: null },
  },
});

/** Forty moments in four seconds; track 1 all the time, track 2 in the odd seconds. */
async function record(store: Store, events: (id: string) => EpisodeEvent[] = () => []) {
  const { id, streamId } = await createSession(store);
  const moments = Array.from({ length: 40 }, (_, seq): Moment => {
    const moment = makeMoment(id, seq, { start: START, faces: 2 });
    return Math.floor(moment.mediaTime) % 2 === 1 ? moment : { ...moment, faces: moment.faces.slice(0, 1) };
  });
  await Promise.all(
    moments.map((moment, at) => store.moments.append(moment, at === 39 ? events(id) : [], moments[at - 1])),
  );
  await store.sessions.mark(
    id,
    [0.5, 1.25, 2.74, 2.75].map((media) => ({ name: 'stimulus', when: { media } })),
  );
  await store.sessions.setState(id, 'ENDED');
  return { id, streamId, moments };
}

/** Every table of the database that knows a session, with how many rows it has of this one. */
async function rowsOf(store: Store, sessionId: string, where: Record<string, string> = {}) {
  const tables = await store.prisma.$queryRaw<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE a.attname = 'session_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace = current_schema()::regnamespace ORDER BY 1`;
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await store.prisma.$queryRawUnsafe<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM ${name} WHERE session_id = '${sessionId}' AND ${where[name] ?? 'true'}`,
    );
    counts[name] = row!.count;
  }
  return counts;
}

const NOTHING = { episode: 0, erased_stretch: 0, marker: 0, moment: 0, reading: 0, rollup: 0, track: 0 };

it('of an erased session no row is left in any table that knows a session, and the record tells how many there were', async () => {
  const { store } = db;
  const { id } = await record(store, (session) => [episode(session, 0, 1, 0, 3)]);
  const other = await record(store);
  const before = await rowsOf(store, id);
  const kept = await rowsOf(store, other.id);
  expect(before).toMatchObject({ moment: 40, reading: 60, episode: 1, track: 2, marker: 4 });
  const record1 = await erase(store, { type: 'SESSION', sessionId: id });
  expect(await rowsOf(store, id)).toEqual(NOTHING);
  expect(await store.sessions.get(id)).toBeNull();
  expect(await rowsOf(store, other.id)).toEqual(kept);
  const { moment, reading, rollup, episode: episodes, track } = before;
  expect(record1).toMatchObject({
    ...{ sessions: 1, moments: moment, readings: reading, rollups: rollup, episodes, tracks: track },
    markers: 4,
    ...{ requesterId: 'token-1', reason: 'asked for', target: { type: 'SESSION', sessionId: id } },
    ...{ sessionIds: [id], steps: [] },
  });
  expect(record1.finishedAt!.getTime()).toBeGreaterThanOrEqual(record1.requestedAt.getTime());
});

it('of an erased track no row is left, and what the others sum up to is as if it had never been there', async () => {
  const { store } = db;
  const { id, moments } = await record(store, (session) => [
    episode(session, 0, 1, 0, 3),
    episode(session, 1, 2, 1, 1.9),
  ]);
  const record1 = await erase(store, { type: 'TRACK', sessionId: id, track: 2 });
  const ofTrack = Object.fromEntries(
    ['reading', 'rollup', 'episode', 'track'].map((table) => [table, 'track = 2']),
  );
  expect(await rowsOf(store, id, { ...ofTrack, moment: 'false', marker: 'false' })).toEqual(NOTHING);
  expect(record1).toMatchObject({ readings: 20, tracks: 1, episodes: 1, moments: 0, sessions: 0 });
  const without = moments.map((moment) => ({
    ...moment,
    faces: moment.faces.filter(({ track }) => track !== 2),
  }));
  await expectRollups(store, id, without);
});

it('of an erased stretch no row is left, and what is left sums up to what it would without', async () => {
  const { store } = db;
  const { id, moments } = await record(store, (session) => [
    episode(session, 0, 1, 0, 0.9),
    episode(session, 1, 1, 1, 1.6),
    episode(session, 2, 1, 1.5, 2.9),
    episode(session, 3, 1, 3, 3.9),
  ]);
  const record1 = await erase(store, {
    ...{ type: 'RANGE', sessionId: id, streamId: null, clock: 'MEDIA' },
    ...{ from: 1.25, to: 2.75 },
  });
  const left = await store.moments.page(id, -1, 100);
  expect(left.map(({ seq }) => seq)).toEqual(
    moments.map(({ seq }) => seq).filter((seq) => seq < 13 || seq > 27),
  );
  const none = {
    moment: 'seq BETWEEN 13 AND 27',
    reading: 'seq BETWEEN 13 AND 27',
    rollup: 'false',
    track: 'false',
    marker: 'media_time >= 1.3 AND media_time < 2.8',
  };
  const within = { ...none, episode: 'onset < 2.75 AND "offset" >= 1.25' };
  expect(await rowsOf(store, id, within)).toEqual({ ...NOTHING, erased_stretch: 1 });
  const episodes = await store.prisma.episode.findMany({
    where: { sessionId: id },
    orderBy: { index: 'asc' },
  });
  expect(episodes.map(({ index }) => index)).toEqual([0, 3]);
  expect(record1).toMatchObject({ moments: 15, readings: 22, episodes: 2, tracks: 0, markers: 2 });
  await expectRollups(store, id, left);
  const tracks = await store.prisma.track.findMany({ where: { sessionId: id }, orderBy: { track: 'asc' } });
  expect(tracks.map(({ readings, firstSeen, lastSeen }) => [readings, firstSeen, lastSeen])).toEqual([
    [25, 0, 3.9],
    [13, 1, 3.9],
  ]);
  const summary = (await store.rollups.summaries([id]))[0]!;
  expect(summary.elapsed).toBeCloseTo(4 - 1.5, 5);
  expect(summary.erased).toBeCloseTo(1.5, 5);
  expect(summary.coverage).toBe(1);
});

it('stretches that touch each other are one, and a session of which all is erased is empty', async () => {
  const { store } = db;
  const { id } = await record(store);
  const range = { type: 'RANGE', sessionId: id, streamId: null } as const;
  await erase(store, { ...range, clock: 'MEDIA', from: 0, to: 1.5 });
  await erase(store, { ...range, clock: 'MEDIA', from: 2.5, to: 9 });
  await erase(store, { ...range, clock: 'WALL', from: START + 1500, to: START + 2500 });
  expect(await rowsOf(store, id)).toEqual({ ...NOTHING, erased_stretch: 1 });
  const summary = (await store.rollups.summaries([id]))[0]!;
  expect([summary.frames, summary.covered, summary.coverage]).toEqual([0, 0, 0]);
  expect(summary.elapsed).toBeCloseTo(0, 5);
});

/** The rollups that a store has of a session whose moments were these. */
async function expectRollups(store: Store, id: string, moments: readonly Moment[]) {
  const twin = await createSession(store);
  const own = moments.map((moment, seq) => ({ ...moment, sessionId: twin.id, seq }));
  await Promise.all(own.map((moment, at) => store.moments.append(moment, [], own[at - 1])));
  const rows = (sessionId: string) =>
    store.prisma.$queryRawUnsafe(
      `SELECT span, track, second, frames, dropped_busy, covered::text, readings, abstained, labels::text, probabilities::text,
        durations::text, valence::text, arousal::text, quality::text, started_at, ended_at
      FROM rollup WHERE session_id = '${sessionId}' AND (frames > 0 OR covered > 0) ORDER BY span, track, second`,
    );
  expect(await rows(id)).toEqual(await rows(twin.id));
}

/** Whether any file below a directory holds these bytes. */
function filesWith(directory: string, bytes: Buffer): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(bytes));
}

it('nothing of an erased session, track or stretch is left in the files of the embedded database', async () => {
  const database = await createDatabase('pglite');
  const store = await openStore({ rollUp, ...database.config });
  await store.models.upsert(MODEL);
  const sessions = [await record(store), await record(store), await record(store)];
  const [whole, track, stretch] = sessions.map(({ id }) => id) as [string, string, string];
  /** Landmarks of one face, as its row holds them: 272 bytes that no other face has. */
  const landmarksOf = ({ moments }: (typeof sessions)[number], seq: number, face: number) => {
    const points = moments[seq]!.faces[face]!.landmarks;
    return Buffer.from(
      Int16Array.from(points.flatMap(({ x, y }) => [Math.round(x * LANDMARK), Math.round(y * LANDMARK)]))
        .buffer,
    );
  };
  await store.prisma.$executeRaw`DELETE FROM session WHERE false`;
  await store.prisma.$executeRawUnsafe('VACUUM (ANALYZE) session, track, episode, rollup');
  await store.prisma.$executeRawUnsafe('CHECKPOINT');
  const look = (bytes: Buffer) => filesWith(database.config.dataDir, bytes).length;
  const uuid = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex');
  // All three sessions hold the same faces, so what is looked for is a face together with its session's id.
  expect(look(landmarksOf(sessions[0]!, 5, 0))).toBeGreaterThan(0);
  expect(look(uuid(whole))).toBeGreaterThan(0);
  await erase(store, { type: 'SESSION', sessionId: whole });
  await erase(store, { type: 'TRACK', sessionId: track, track: 2 });
  await erase(store, { type: 'TRACK', sessionId: stretch, track: 2 });
  expect(look(landmarksOf(sessions[0]!, 15, 1))).toBe(0);
  const range = { type: 'RANGE', streamId: null, clock: 'MEDIA', from: 0.5, to: 0.6 } as const;
  expect(look(landmarksOf(sessions[0]!, 5, 0))).toBeGreaterThan(0);
  for (const sessionId of [track, stretch]) await erase(store, { ...range, sessionId });
  expect(look(landmarksOf(sessions[0]!, 5, 0))).toBe(0);
  // Its neighbour is still there, so the pattern is one that would be found.
  expect(look(landmarksOf(sessions[0]!, 6, 0))).toBeGreaterThan(0);
  // Its id is in the record that it was erased, and in no other table.
  const [{ path }] = (await store.prisma.$queryRaw`SELECT pg_relation_filepath('erasure') AS path`) as [
    { path: string },
  ];
  const withId = filesWith(database.config.dataDir, uuid(whole)).filter((file) => !file.includes('pg_wal'));
  expect(withId).toEqual([join(database.config.dataDir, 'pglite', path)]);
  await store.close();
  await database.dispose();
});

it('a tag takes its streams and sessions with it, and its value is written down nowhere', async () => {
  const { store } = db;
  const tags = { participant: 'P-4711-rare' };
  const tagged = await store.streams.create({ ...STREAM, tags });
  const { id } = await store.sessions.create({ streamId: tagged.id, modelId: MODEL.id });
  await store.moments.append(makeMoment(id, 0), []);
  await store.sessions.setState(id, 'ENDED');
  const other = await record(store);
  const record1 = await erase(store, { type: 'TAG', key: 'participant', value: 'P-4711-rare' });
  expect(await store.streams.get(tagged.id)).toBeNull();
  expect(await rowsOf(store, id)).toEqual(NOTHING);
  expect(await store.sessions.get(other.id)).not.toBeNull();
  expect(record1).toMatchObject({
    streams: 1,
    sessions: 1,
    moments: 1,
    target: { type: 'TAG', key: 'participant' },
  });
  expect(JSON.stringify(record1)).not.toContain('4711');
  const order = { requester: REQUESTER, reason: 'again' };
  await expect(
    store.erasures.begin(
      { ...order, request: { type: 'TAG', key: 'participant', value: 'P-4711-rare' } },
      nobodyRuns,
    ),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
