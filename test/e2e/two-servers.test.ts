/** Several servers record into one database: each runs sessions by a lease of its own, and takes over what a server leaves that is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, SERVER, type TestDatabase } from '../helpers/database.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';
import { type Server, startServer } from './server.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** As the server has it. */
const TTL_MS = 5_000;

interface Row {
  id: string;
  state: string;
  last_seq: number;
}

describe.runIf(SERVER)('two servers on one database', () => {
  let place: Workplace;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let client: pg.Client;
  let servers: Server[] = [];

  beforeEach(async () => {
    place = await workplace();
    // Two frames a second: a busy machine keeps up.
    await place.square('clip.mp4', 10, 2);
    database = await createDatabase('server');
    const { hostname, port } = new URL(SERVER!);
    proxy = await openProxy({ host: hostname, port: Number(port || 5432) });
    client = new pg.Client({ connectionString: database.config.databaseUrl });
    await client.connect();
  });
  afterEach(async () => {
    for (const { process } of servers) process.kill('SIGCONT');
    await Promise.all(servers.map((server) => server.end('SIGTERM')));
    servers = [];
    await client?.end();
    await proxy?.close();
    await database?.dispose();
    await place?.dispose();
  });

  async function serve(name: string): Promise<Server> {
    const through = new URL(database.config.databaseUrl!);
    through.host = `127.0.0.1:${proxy.port}`;
    const server = await startServer({
      ...{ ...place.env, MIEN_DATA_DIR: `${database.config.dataDir}/${name}`, DATABASE_URL: through.href },
      ...{ MIEN_DEMO: 'false', MIEN_LOG_LEVEL: 'info' },
    });
    servers.push(server);
    return server;
  }

  /** @returns its id */
  async function register(server: Server, name: string): Promise<string> {
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      `mutation { registerStream(input: { name: "${name}", source: { file: "clip.mp4" }, purpose: RESEARCH,
      loop: true, realtime: true }) { stream { id } } }`,
    );
    return registerStream.stream.id;
  }

  /** The oldest first. */
  async function sessionsOf(streamId: string): Promise<Row[]> {
    const sql = `SELECT id::text, state::text, last_seq FROM session WHERE stream_id = $1 ORDER BY ordinal`;
    return (await client.query<Row>(sql, [streamId])).rows;
  }
  const runs = (streamId: string, sessions = 1) =>
    until(
      async () => {
        const rows = await sessionsOf(streamId);
        const newest = rows.at(-1);
        return rows.length === sessions && newest!.state === 'RUNNING' && newest!.last_seq > 0;
      },
      `session ${sessions} of the stream runs`,
      120_000,
    );

  /** Of each session: how many moments, whether their numbers have no gap, and the wall times at which they begin and end. */
  async function recorded(streamId: string) {
    const { rows } = await client.query<{ count: number; gapless: boolean; first: number; last: number }>(
      `SELECT count(*)::int AS count, count(*) = max(seq) + 1 AS gapless,
        extract(epoch FROM min(wall_time))::float8 AS first, extract(epoch FROM max(wall_time))::float8 AS last
      FROM moment JOIN session ON session.id = session_id WHERE stream_id = $1 GROUP BY ordinal ORDER BY ordinal`,
      [streamId],
    );
    return rows;
  }

  it('neither interrupts the other, at its start or later', async () => {
    const first = await serve('a');
    const one = await register(first, 'One');
    await runs(one);
    const second = await serve('b');
    const other = await register(second, 'Other');
    await runs(other);
    await sleep(2 * TTL_MS);
    for (const id of [one, other]) {
      expect(await sessionsOf(id)).toMatchObject([{ state: 'RUNNING' }]);
      expect(await recorded(id)).toMatchObject([{ gapless: true }]);
    }
  });

  it('when one is killed, the other runs its stream within twice the lease', async () => {
    const [first, second] = [await serve('a'), await serve('b')];
    const [one, other] = [await register(first, 'One'), await register(second, 'Other')];
    await Promise.all([runs(one), runs(other)]);
    await sleep(TTL_MS);
    const killed = performance.now();
    await first.end('SIGKILL');
    await until(
      async () => (await sessionsOf(one))[0]!.state === 'INTERRUPTED',
      'it is interrupted',
      2 * TTL_MS,
    );
    await until(
      async () => (await sessionsOf(one)).length === 2,
      'it goes on',
      2 * TTL_MS - (performance.now() - killed),
    );
    console.log(`taken over after ${Math.round(performance.now() - killed)} ms`);
    await runs(one, 2);
    expect(await sessionsOf(other)).toMatchObject([{ state: 'RUNNING' }]);
  });

  it('one that is halted for longer than its lease stores and shows nothing more of what it ran', async () => {
    const [first, second] = [await serve('a'), await serve('b')];
    const one = await register(first, 'One');
    await runs(one);
    await sleep(TTL_MS);
    first.process.kill('SIGSTOP');
    await until(async () => (await sessionsOf(one)).length === 2, 'the other takes over', 2 * TTL_MS);
    const [before] = await recorded(one);
    await sleep(1_000);
    first.process.kill('SIGCONT');
    await until(() => first.log().includes('another server has taken over'), 'it notices');
    await sleep(3_000);
    await runs(one, 2);
    const [after, next] = await recorded(one);
    expect(after).toEqual(before);
    expect([after!.gapless, next!.gapless, after!.last < next!.first]).toEqual([true, true, true]);
    expect(await sessionsOf(one)).toMatchObject([{ state: 'INTERRUPTED' }, { state: 'RUNNING' }]);
    // It goes on as another worker.
    const other = await register(first, 'Other');
    await runs(other);
    expect(second.log()).not.toContain('another server has taken over');
  });

  it('a database that is away for three leases changes no owner, and costs no moment', async () => {
    const [first, second] = [await serve('a'), await serve('b')];
    const [one, other] = [await register(first, 'One'), await register(second, 'Other')];
    await Promise.all([runs(one), runs(other)]);
    await sleep(TTL_MS + 1_000);
    const before = [await sessionsOf(one), await sessionsOf(other)].flat();
    proxy.cut();
    await sleep(3 * TTL_MS);
    proxy.mend();
    await sleep(2 * TTL_MS + 2_000);
    const after = [await sessionsOf(one), await sessionsOf(other)].flat();
    expect(after.map(({ id, state }) => ({ id, state }))).toEqual(
      before.map(({ id }) => ({ id, state: 'RUNNING' })),
    );
    for (const [at, { last_seq }] of after.entries())
      expect(last_seq).toBeGreaterThan(before[at]!.last_seq + 10);
    for (const id of [one, other]) expect(await recorded(id)).toMatchObject([{ gapless: true }]);
  });

  it('one that is told to stop leaves its streams to the other at once', async () => {
    const [first, second] = [await serve('a'), await serve('b')];
    const one = await register(first, 'One');
    await runs(one);
    await first.end('SIGTERM');
    const stopped = performance.now();
    expect((await sessionsOf(one))[0]).toMatchObject({ state: 'INTERRUPTED' });
    await until(async () => (await sessionsOf(one)).length === 2, 'it goes on', 2 * TTL_MS);
    console.log(`taken over ${Math.round(performance.now() - stopped)} ms after the end`);
    await runs(one, 2);
    expect(second.log()).not.toContain('another server has taken over');
  });

  it('a command takes effect at whichever server the stream runs', async () => {
    const [first, second] = [await serve('a'), await serve('b')];
    const one = await register(first, 'One');
    await runs(one);
    const command = (server: Server, what: string) => server.query(`mutation { ${what} }`);
    await expect(command(second, `startStream(input: { id: "${one}" }) { session { id } }`)).rejects.toThrow(
      'is running already',
    );
    await command(second, `stopStream(input: { id: "${one}" }) { session { state } }`);
    expect(await sessionsOf(one)).toMatchObject([{ state: 'ENDED' }]);
    await command(second, `startStream(input: { id: "${one}" }) { session { id } }`);
    await runs(one, 2);
    const [, again] = await sessionsOf(one);
    await command(
      first,
      `erase(input: { target: { session: "${again!.id}" }, reason: "asked" }) { erasure { id } }`,
    );
    expect(await sessionsOf(one)).toMatchObject([{ state: 'ENDED' }]);
    await command(second, `startStream(input: { id: "${one}" }) { session { id } }`);
    await runs(one, 2);
    await command(first, `removeStream(input: { id: "${one}" }) { removedStreamId }`);
    expect(await sessionsOf(one)).toEqual([]);
    expect(await recorded(one)).toEqual([]);
    const both = await Promise.all(
      [first, second].map((server) => register(server, 'Same').catch((error: Error) => error.message)),
    );
    expect(new Set(both).size).toBe(1);
    await runs(both[0]!);
  });
});
