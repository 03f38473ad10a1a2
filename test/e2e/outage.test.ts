/** The database server is away for ten seconds: the server stays up, and nothing that was scored is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, SERVER, type TestDatabase } from '../helpers/database.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';
import { type Server, seqsOf, startServer } from './server.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const AWAY_MS = 10_000;

interface Seen {
  seq: number;
  skippedBefore: number;
}

describe.runIf(SERVER)('a database that is away for ten seconds', () => {
  let place: Workplace;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let server: Server;
  const status = async (path: string) => (await fetch(new URL(path, server.url))).status;

  beforeAll(async () => {
    place = await workplace();
    await place.square('clip.mp4', 3);
    database = await createDatabase('server');
    const { hostname, port } = new URL(SERVER!);
    proxy = await openProxy({ host: hostname, port: Number(port || 5432) });
    const through = new URL(database.config.databaseUrl!);
    through.host = `127.0.0.1:${proxy.port}`;
    const { dataDir } = database.config;
    server = await startServer({
      ...{ ...place.env, MIEN_DATA_DIR: dataDir, DATABASE_URL: through.href, MIEN_DEMO: 'false' },
    });
  });
  afterAll(async () => {
    await server?.end('SIGTERM');
    await proxy?.close();
    await place?.dispose();
    await database?.dispose();
  });

  it('an outage of the database costs no moment, and is told by /ready alone', async () => {
    const { registerStream } = await server.query<{
      registerStream: { stream: { id: string; latestSession: { id: string } } };
    }>(
      `mutation { registerStream(input: { name: "Clip", source: { file: "clip.mp4" }, purpose: RESEARCH,
      loop: true, realtime: true }) { stream { id latestSession { id } } } }`,
    );
    const { id } = registerStream.stream.latestSession;
    const seen: Seen[] = [];
    const client = server.socket();
    client.subscribe<{ frameEmotions: Seen }>(
      { query: `subscription { frameEmotions(sessionId: "${id}") { seq skippedBefore } }` },
      { next: ({ data }) => void seen.push(data!.frameEmotions), error: () => {}, complete: () => {} },
    );
    await until(() => seen.length > 10, 'moments are shown');

    proxy.cut();
    await sleep(AWAY_MS);
    expect(await status('/ready')).toBe(503);
    expect(await status('/health')).toBe(200);
    await expect(server.query('{ streams { nodes { id } } }')).rejects.toThrow(
      /"The database does not answer\. Try again in a moment\.".*"STORE_UNAVAILABLE"/,
    );
    proxy.mend();
    const shown = seen.length;
    await until(() => seen.length > shown + 50, 'moments are shown again');
    expect(await status('/ready')).toBe(200);

    await server.query(
      `mutation { stopStream(input: { id: "${registerStream.stream.id}" }) { session { state } } }`,
    );
    await client.dispose();
    const stored = await seqsOf(server, id);
    expect(stored).toEqual(stored.map((_, seq) => seq));
    expect(stored.length).toBeGreaterThan(seen.at(-1)!.seq);
    // What a subscriber was not sent, because so much came at once, it was told of.
    for (const [at, { seq, skippedBefore }] of seen.slice(1).entries()) {
      expect(seq - seen[at]!.seq).toBe(1 + skippedBefore);
    }
  });
});
