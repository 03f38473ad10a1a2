import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, until } from '../api/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Running, start, type Workplace, workplace } from './harness.ts';

const STARTED_WITHIN = 240_000;

let place: Workplace;
let database: TestDatabase;
let env: Record<string, string>;
const servers: Running[] = [];
beforeAll(async () => {
  place = await workplace();
  database = await createDatabase();
  env = { ...place.env, MIEN_DATA_DIR: database.config.dataDir, MIEN_DEMO: 'false' };
  if (database.config.databaseUrl) env.DATABASE_URL = database.config.databaseUrl;
  await place.square('clip.mp4', 3);
});
afterEach(async () => {
  for (const { child, finished } of servers.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});
afterAll(async () => {
  await database.dispose();
  await place.dispose();
});

async function serve(changes: Record<string, string> = {}): Promise<Running & { url: string }> {
  const server = start(['serve'], { ...env, ...changes });
  servers.push(server);
  const address = /serves at (http:\S+)\/graphql/;
  await Promise.race([
    until(() => address.test(server.stdout()), `it serves; it says ${server.stderr()}`, STARTED_WITHIN),
    server.finished.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  return { ...server, url: address.exec(server.stdout())?.[1] ?? '' };
}

type Event = { value: { data: { frameEmotions: { seq: number; cursor: string; sessionId: string } } } };

test('the server survives a kill without losing what was shown, and drains when asked to end', async () => {
  const first = await serve();
  const registered = await ask(
    first.url,
    'mutation { registerStream(input: { name: "Clip", source: { file: "clip.mp4" }, purpose: RESEARCH, loop: true, realtime: true }) { stream { id } } }',
  );
  expect(registered.errors).toBeUndefined();
  const streamId = registered.data.registerStream.stream.id as string;
  const query =
    'subscription($after: String, $streamId: ID) { frameEmotions(after: $after, streamId: $streamId) { seq cursor sessionId } }';
  const client = createClient({
    url: `${first.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const feed = client.iterate({ query, variables: { streamId } }) as unknown as AsyncIterator<Event['value']>;
  const shown: Event['value']['data']['frameEmotions'][] = [];
  for (let count = 0; count < 5; count++) shown.push(((await feed.next()) as Event).value.data.frameEmotions);
  expect(await (await fetch(new URL('/health', first.url))).json()).toEqual({
    status: 'ok',
    sourceConfinement: expect.stringMatching(/^(landlock|seccomp|proxy)$/),
    decoding: 'software',
  });
  const metrics = await (await fetch(new URL('/metrics', first.url))).text();
  expect(metrics).toMatch(/^mien_commit_size_count [1-9]/m);
  expect(metrics).toMatch(/^mien_commit_buffer_depth \d/m);
  expect(metrics).toMatch(/^mien_sessions_owned \d/m);
  expect(metrics).toMatch(/^mien_lease_age_seconds \d/m);
  expect(metrics).toMatch(/^mien_other_servers 0$/m);
  expect(metrics).toMatch(/^mien_takeovers_total 0$/m);
  first.child.kill('SIGKILL');
  await first.finished;
  await client.dispose();

  const second = await serve();
  const told = async () =>
    (
      await ask(
        second.url,
        '{ sessions(first: 2) { nodes { id state timeline(first: 1000) { nodes { seq } } } } }',
      )
    ).data;
  // On a server of PostgreSQL, when the lease of the first has run out.
  await expect.poll(async () => (await told()).sessions.nodes, { timeout: 20_000 }).toHaveLength(2);
  const { sessions } = await told();
  const [now, before] = sessions.nodes;
  expect(before).toMatchObject({ id: shown[0]?.sessionId, state: 'INTERRUPTED' });
  expect(['STARTING', 'RUNNING']).toContain(now.state);
  const kept = before.timeline.nodes.map(({ seq }: { seq: number }) => seq);
  expect(kept).toEqual(kept.map((_: number, index: number) => index));
  expect(kept).toEqual(expect.arrayContaining(shown.map(({ seq }) => seq)));

  const again = createClient({
    url: `${second.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const rest = again.iterate({
    query,
    variables: { streamId, after: shown[2]?.cursor },
  }) as unknown as AsyncIterator<Event['value']>;
  const resumed = [];
  for (let count = 0; count < kept.length; count++)
    resumed.push(((await rest.next()) as Event).value.data.frameEmotions);
  const missed = kept.filter((seq: number) => seq > (shown[2]?.seq ?? 0));
  expect(resumed.slice(0, missed.length).map(({ seq }) => seq)).toEqual(missed);
  expect(resumed.slice(missed.length).map(({ seq }) => seq)).toEqual(
    resumed.slice(missed.length).map((_, index) => index),
  );
  expect(resumed.at(-1)?.sessionId).toBe(now.id);

  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    again.on('closed', (event) => resolve(event as never)),
  );
  const asked = Date.now();
  second.child.kill('SIGTERM');
  expect(await closed).toMatchObject({ code: 1001, reason: 'mien is shutting down' });
  expect((await second.finished).code).toBe(0);
  expect(Date.now() - asked).toBeLessThan(10_000);
}, 600_000);

test('an empty database is given the demo, and the subscription that is printed shows it', async () => {
  const own = await createDatabase();
  const server = await serve({
    MIEN_DATA_DIR: own.config.dataDir,
    MIEN_DEMO: 'true',
    MIEN_MEDIA_DIR: '',
    ...(own.config.databaseUrl && { DATABASE_URL: own.config.databaseUrl }),
  });
  const { data } = await ask(server.url, '{ streams { nodes { name loop realtime wanted } } }');
  expect(data.streams.nodes).toEqual([{ name: 'Demo', loop: true, realtime: true, wanted: true }]);
  expect(server.stdout().trimEnd().split('\n').slice(-2)).toEqual(['', `  ${server.url}/`]);
  expect(server.stdout()).not.toContain('sign in');
  expect(await (await fetch(`${server.url}/`)).text()).toContain('<title>mien</title>');
  expect(await readdir(own.config.dataDir)).toEqual(expect.arrayContaining(['media', 'uploads']));
  const subscription = /subscription \{[\s\S]*\n\}/.exec(server.stdout())?.[0] ?? '';
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const feed = client.iterate({ query: subscription }) as unknown as AsyncIterator<unknown>;
  expect(await feed.next()).toMatchObject({
    value: { data: { frameEmotions: { mediaTime: expect.any(Number) } } },
  });
  await client.dispose();
  server.child.kill('SIGINT');
  expect((await server.finished).code).toBe(0);
  await own.dispose();
}, 600_000);

test('a port that is taken is told in a sentence', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const { code, stderr } = await start(['serve'], { ...env, PORT: String(port) }).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/mien: port \d+ is taken/);
  holder.close();
}, 600_000);
