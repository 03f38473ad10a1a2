/** What the dashboard reads of a recorded session, from the API over a store. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Timeline } from '../../src/web/chart/timeline.js';
import { readLanes } from '../../src/web/recorded/lanes.js';
import { readRecording } from '../../src/web/recorded/read-recording.js';
import { resolutionOf } from '../../src/web/recorded/resolution.js';
import { backfill, MAX_ROWS } from '../../src/web/streams/backfill-timeline.js';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';

let world: World;
let sessionId: string;
beforeAll(async () => {
  world = await openWorld();
  // A page asks the server that it came from.
  vi.stubGlobal('document', { baseURI: `${world.url}/` });
  const { data } = await ask(
    world.url,
    'mutation { registerStream(input: { name: "a", source: { file: "a.mp4" }, purpose: RESEARCH }) { stream { id } } }',
  );
  const streamId = data.registerStream.stream.id;
  const { prisma } = world.store;
  await vi.waitUntil(
    async () => (await prisma.session.count({ where: { streamId, state: 'ENDED' } })) === 1,
    { timeout: 60_000 },
  );
  sessionId = (await prisma.session.findFirstOrThrow({ where: { streamId } })).id;
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await world?.close();
});

const signal = new AbortController().signal;
const NO_LOSS = { droppedBefore: 0, skippedBefore: 0 };

test('single moments, buckets of parts of a second and seconds tell the same of a session', async () => {
  const recording = await readRecording(sessionId, signal);
  const stretch = { from: recording.summary.start, to: recording.summary.end };
  const read = (bucket: number | null) => readLanes(recording, stretch, { bucket }, signal);
  const [moments, parts, seconds] = await Promise.all([read(null), read(0.5), read(1)]);
  for (const { lanes, expired, scored } of [moments, parts, seconds]) {
    expect(expired).toBe(false);
    expect(lanes.map(({ track }) => track)).toEqual([null, 1, 2]);
    // Faces times the time for which they were there: two faces, all of the time.
    const ofFaces = lanes[1]!.samples.reduce((sum, { at, until }) => sum + until - at, 0);
    expect(ofFaces).toBeCloseTo(stretch.to - stretch.from, 1);
    expect(scored.every(({ coverage }) => coverage > 0.99)).toBe(true);
    for (const { samples } of lanes) {
      expect(samples[0]!.probabilities).toHaveLength(8);
      expect(samples[0]!.valence).toBeCloseTo(0.7, 2);
    }
  }
  expect(moments.lanes[0]!.samples.length).toBe(recording.summary.frames);
  expect(parts.lanes[0]!.samples.length).toBe(Math.ceil((stretch.to - stretch.from) / 0.5));
});

test('the timeline of a page that was just opened is filled by two requests, however many faces there are', async () => {
  const timeline = new Timeline({ span: 60, maxRows: MAX_ROWS });
  const seen = { sessionId, mediaTime: 1.9 };
  timeline.add({ ...seen, ...NO_LOSS, cursor: '', seq: 19, wallTime: '', faces: [] });
  const send = vi.spyOn(globalThis, 'fetch');
  await backfill(timeline, seen, signal);
  expect(send.mock.calls.length).toBe(2);
  send.mockRestore();
  expect(timeline.rows.map(({ track }) => track)).toEqual([1, 2]);
  for (const { samples } of timeline.rows)
    expect(samples.map(({ at, until, valence }) => [at, until, Math.round(valence * 100)])).toEqual([
      [0, 1, 70],
      [1, 2, 70],
    ]);
});

test('where the retention has deleted the moments, seconds are read in their place, and that is told', async () => {
  const { prisma } = world.store;
  const moments = await prisma.moment.findMany({ where: { sessionId } });
  const recording = await readRecording(sessionId, signal);
  await prisma.$executeRawUnsafe('DELETE FROM reading WHERE session_id = $1::uuid', sessionId);
  await prisma.$executeRawUnsafe('DELETE FROM moment WHERE session_id = $1::uuid', sessionId);
  const stretch = { from: 0, to: 2 };
  const lanes = await readLanes(recording, stretch, { bucket: null }, signal);
  expect(moments.length).toBeGreaterThan(0);
  expect([lanes.expired, lanes.resolution]).toEqual([true, { bucket: 1 }]);
  expect(lanes.lanes[1]!.samples.length).toBe(2);
  const parts = await readLanes(recording, stretch, { bucket: 0.2 }, signal);
  expect([parts.expired, parts.resolution]).toEqual([true, { bucket: 1 }]);
});

test('half an hour with eight faces is shown after two requests, and a second of processor time', async () => {
  const long = await addLongSession();
  const send = vi.spyOn(globalThis, 'fetch');
  const read = async () => {
    const recording = await readRecording(long, signal);
    const { start: from, end: to, frames, seconds } = recording.summary;
    return readLanes(recording, { from, to }, resolutionOf(to - from, frames / seconds), signal);
  };
  // Plans and code are warm where somebody looks at more than one session.
  await read();
  send.mockClear();
  const before = process.cpuUsage();
  const { lanes, scored, resolution } = await read();
  const { user, system } = process.cpuUsage(before);
  expect(send.mock.calls.length).toBe(2);
  send.mockRestore();
  expect(resolution).toEqual({ bucket: 5 });
  expect(scored.length).toBe(HALF_HOUR / 5);
  expect(lanes.map(({ samples }) => samples.length)).toEqual(Array(9).fill(HALF_HOUR / 5));
  expect((user + system) / 1e6).toBeLessThan(1);
});

const HALF_HOUR = 1800;

/** As it would be stored: eight faces, ten moments a second, summed up. @returns its id */
async function addLongSession(): Promise<string> {
  const { prisma } = world.store;
  const { id: _, ordinal: __, ...like } = await prisma.session.findFirstOrThrow({ where: { id: sessionId } });
  const long = await prisma.session.create({
    data: { ...like, mediaStart: 0, mediaEnd: HALF_HOUR } as never,
  });
  const at = { startedAt: new Date(0), endedAt: new Date(1000) };
  await prisma.track.createMany({
    data: Array.from({ length: 8 }, (_each, index) => ({
      ...{
        sessionId: long.id,
        track: index + 1,
        firstSeen: 0,
        lastSeen: HALF_HOUR,
        readings: 10 * HALF_HOUR,
        ...at,
      },
    })),
  });
  await prisma.$executeRawUnsafe(
    `INSERT INTO rollup (session_id, span, track, second, frames, dropped_busy, dropped_worker, dropped_store, covered, durations,
        readings, abstained, labels, probabilities, valence, arousal, quality, first_seq, started_at, ended_at)
      SELECT $1::uuid, span, track, second, 10 * span, 0, 0, 0, 1000000 * span, array_fill(125000 * span * faces, ARRAY[8])::bigint[],
        10 * span * faces, 0, array_fill((span * faces)::int, ARRAY[8]), array_fill(125000 * span * faces, ARRAY[8])::bigint[],
        0, 0, 900000 * span * faces, CASE WHEN track = 0 THEN 10 * second END,
        CASE WHEN track = 0 THEN to_timestamp(second) END, CASE WHEN track = 0 THEN to_timestamp(second + span) END
      FROM (VALUES (1::bigint), (10), (60), (600), (3600)) AS s (span), generate_series(0, 8) AS track,
        LATERAL (SELECT CASE WHEN track = 0 THEN 8 ELSE 1 END AS faces) AS f, LATERAL generate_series(0, ${HALF_HOUR} - 1, span) AS second`,
    long.id,
  );
  return long.id;
}

test('a session with more faces than the server lists at once is shown, with lanes of the faces seen most', async () => {
  const at = { startedAt: new Date(0), endedAt: new Date(1000) };
  const others = Array.from({ length: 10_001 }, (_, i) => i + 10);
  await world.store.prisma.track.createMany({
    data: others.map((track) => ({ sessionId, track, firstSeen: 0, lastSeen: 1, readings: 1, ...at })),
  });
  const recording = await readRecording(sessionId, signal);
  const { lanes, withoutLane } = await readLanes(recording, { from: 0, to: 2 }, { bucket: 1 }, signal);
  expect(lanes.slice(0, 3).map(({ track }) => track)).toEqual([null, 1, 2]);
  expect(lanes.length).toBe(9);
  expect(withoutLane).toBe(10_003 - 8);
});
