import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantise } from '../../src/domain/quantise.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { PgliteClient } from '../../src/store/pglite/pglite-client.ts';
import { createAdapterFactory } from '../../src/store/pglite/prisma-adapter.ts';
import { rollUp } from '../../src/timeline/index.ts';
import {
  createDatabase,
  createSession,
  createStore,
  SERVER,
  summaryOf,
  type TestStore,
} from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe.runIf(SERVER)('a server outage', () => {
  let db: TestStore;
  let proxy: TcpProxy;
  let store: Store;

  beforeAll(async () => {
    const server = new URL(SERVER!);
    proxy = await openProxy({ host: server.hostname, port: Number(server.port || 5432) });
    db = await createStore();
    const through = new URL(db.config.databaseUrl!);
    through.host = `127.0.0.1:${proxy.port}`;
    store = await openStore({
      rollUp,
      dataDir: db.config.dataDir,
      databaseUrl: through.href,
      bufferMax: 150,
    });
  });
  afterAll(async () => {
    await store.close();
    await proxy.close();
    await db.dispose();
  });

  it('a server that goes away for some seconds costs no moment that was accepted, and none is counted twice', async () => {
    const session = await createSession(store);
    const results: Promise<PromiseSettledResult<number>>[] = [];
    const append = async (from: number, to: number) => {
      for (let seq = from; seq < to; seq++) {
        const [settled] = [Promise.allSettled([store.moments.append(makeMoment(session.id, seq), [])])];
        results.push(settled.then(([result]) => result!));
        if (seq % 10 === 0) await sleep(5);
      }
    };
    // Cut again and again while commits are under way: some are lost before, some after they took place.
    for (let round = 0; round < 5; round++) {
      await append(round * 20, round * 20 + 20);
      proxy.cut();
      await sleep(150);
      proxy.mend();
      await sleep(300);
    }
    await Promise.all(results);
    proxy.cut();
    await append(100, 260);
    await sleep(2000);
    proxy.mend();
    const outcomes = await Promise.all(results);
    const accepted = outcomes.flatMap(({ status }, seq) => (status === 'fulfilled' ? [seq] : []));
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason.code] : [],
    );
    expect(accepted).toHaveLength(250);
    expect(refused).toEqual(Array(10).fill('STORE_UNAVAILABLE'));
    const stored = await store.moments.page(session.id, -1, 1000);
    expect(stored).toEqual(accepted.map((seq) => quantise(makeMoment(session.id, seq))));
    expect((await summaryOf(store, session.id)).readings).toBe(accepted.length);
  });
});

it.runIf(SERVER)(
  'a commit that the network swallowed is repeated over another connection, and stored once',
  async () => {
    const server = new URL(SERVER!);
    const proxy = await openProxy({ host: server.hostname, port: Number(server.port || 5432) });
    const db = await createStore();
    const through = new URL(db.config.databaseUrl!);
    through.host = `127.0.0.1:${proxy.port}`;
    const { dataDir } = db.config;
    const store = await openStore({ rollUp, dataDir, databaseUrl: through.href, commitTimeoutMs: 1_000 });
    try {
      const session = await createSession(store);
      const append = (from: number, to: number) =>
        Promise.all(range(from, to).map((seq) => store.moments.append(makeMoment(session.id, seq), [])));
      await append(0, 3);
      proxy.swallow();
      await append(3, 20);
      await append(20, 23);
      const stored = await db.store.moments.page(session.id, -1, 100);
      expect(stored.map(({ seq }) => seq)).toEqual(range(0, 23));
    } finally {
      await store.close();
      await proxy.close();
      await db.dispose();
    }
  },
);

it('a PGlite thread that breaks is replaced, and what it had committed is there', async () => {
  const { config, dispose } = await createDatabase('pglite');
  const client = new PgliteClient({ directory: `${config.dataDir}/pglite` });
  const adapter = await createAdapterFactory(client).connect();
  const run = (sql: string) => adapter.queryRaw({ sql, args: [], argTypes: [] });
  await adapter.executeScript('CREATE TABLE kept (value int); INSERT INTO kept VALUES (1), (2);');
  await expect(run('SELECT nonsense')).rejects.toMatchObject({ name: 'DriverAdapterError' });
  const underWay = run('SELECT pg_sleep(5)');
  await Promise.all([expect(underWay).rejects.toThrow('PGlite'), client.abandon()]);
  expect((await run('SELECT value FROM kept ORDER BY value')).rows).toEqual([[1], [2]]);
  await client.close();
  await dispose();
});
