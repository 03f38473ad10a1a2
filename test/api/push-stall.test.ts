/** A sender that keeps its connection and sends no more: it is told, its stream waits, and the next one goes on in the same session. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Senders } from '../../src/api/index.ts';
import { openSenders } from '../../src/cli/serve/video-senders.ts';
import type { StreamManager } from '../../src/sessions/index.ts';
import { ingestAt } from '../ingest/harness.ts';
import { ffmpeg } from '../ingest/media.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Twenty for people. */
const STALL_SECONDS = 1;
const ingest = ingestAt('/nowhere', { stallSeconds: STALL_SECONDS });

let world: World;
let video: Buffer;
beforeAll(async () => {
  let senders: Senders;
  world = await openWorld({
    openSource: (source, options) => ingest.open(source, options),
    api: {
      senders: {
        find: (secret, client) => senders.find(secret, client),
        send: (stream, body, onTaken) => senders.send(stream, body, onTaken),
        hasExpired: (stream) => senders.hasExpired(stream),
        drop: (stream, why) => senders.drop(stream, why),
      },
    },
  });
  ({ senders } = openSenders({ store: world.store, ingest }, world.services.streamManager as StreamManager));
  const args = '-v error -f lavfi -i testsrc2=s=64x48:r=10:d=3 -c:v mpeg2video -f mpegts -';
  ({ stdout: video } = await promisify(execFile)(ffmpeg.path, args.split(' '), { encoding: 'buffer' }));
});
afterAll(async () => {
  await world?.close();
  await ingest.close();
});

interface Session {
  id: string;
  state: string;
  failure: string | null;
}

/** Resolves with the session when it is in this state. */
const latest = (stream: string, state: string): Promise<Session> =>
  vi.waitUntil(
    async () => {
      const { data } = await ask(
        world.url,
        `{ stream(id: "${stream}") { latestSession { id state failure } } }`,
      );
      return data.stream.latestSession.state === state && data.stream.latestSession;
    },
    { timeout: 30_000 },
  );

async function answerOf(sending: ClientRequest): Promise<{ status: number | undefined; text: string }> {
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

test('a sender that stalls is told so, its stream reconnects, and the next sender goes on in the same session', async () => {
  const { data } = await ask(
    world.url,
    'mutation { registerStream(input: { name: "stalls", source: { push: {} }, purpose: RESEARCH }) { stream { id } ingest { url } } }',
  );
  const { stream, ingest: address } = data.registerStream;
  const url = world.url + new URL(address.url).pathname;
  const stalling = request(url, { method: 'PUT' });
  const answered = answerOf(stalling);
  stalling.on('error', () => {}); // it may be cut off behind its answer
  stalling.write(video);
  const { id } = await latest(stream.id, 'RUNNING');
  const lost = await latest(stream.id, 'RECONNECTING');
  expect(lost).toMatchObject({ id, failure: 'What was sent gave no frame for 1 s.' });
  expect(await answered).toMatchObject({
    status: 422,
    text: expect.stringContaining('What was sent gave no frame for 1 s.'),
  });
  const next = request(url, { method: 'PUT' });
  const well = answerOf(next);
  next.end(video);
  expect(await well).toMatchObject({ status: 200 });
  const again = await ask(
    world.url,
    `{ session(id: "${id}") { timeline(first: 1000) { nodes { seq mediaTime } } } }`,
  );
  const { nodes } = again.data.session.timeline;
  expect(nodes.map(({ seq }: { seq: number }) => seq)).toEqual(nodes.map((_: unknown, n: number) => n));
  expect(nodes.at(-1).mediaTime).toBeGreaterThan(3);
});
