/** What the dashboard reads of a recorded session, from the API over a store. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readSessionTimeline } from '../../src/web/session-history.js';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  // A page asks the server that it came from.
  vi.stubGlobal('document', { baseURI: `${world.url}/` });
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await world?.close();
});

test('a session with more faces than the server lists at once is shown, with rows of the faces seen most', async () => {
  const { data } = await ask(
    world.url,
    'mutation { registerStream(input: { name: "a", source: { file: "a.mp4" }, purpose: RESEARCH }) { stream { id } } }',
  );
  const streamId = data.registerStream.stream.id;
  const { prisma } = world.store;
  await expect
    .poll(() => prisma.session.count({ where: { streamId, state: 'ENDED' } }), { timeout: 60_000 })
    .toBe(1);
  const { id: sessionId } = await prisma.session.findFirstOrThrow({ where: { streamId } });
  const at = { startedAt: new Date(0), endedAt: new Date(1000) };
  const others = Array.from({ length: 10_001 }, (_, i) => i + 10);
  await prisma.track.createMany({
    data: others.map((track) => ({ sessionId, track, firstSeen: 0, lastSeen: 1, readings: 1, ...at })),
  });
  const { timeline, running } = await readSessionTimeline(sessionId, new AbortController().signal);
  expect(running).toBe(false);
  expect(timeline.rows.map(({ track }) => track)).toEqual([null, 1, 2]);
  expect(timeline.facesWithoutRow).toBe(10_003 - 8);
});
