/**
 * Two servers on one PostgreSQL, with NATS between them: a viewer at the one sees what the other analyses, live, while NATS is
 * away for a moment or for longer, and when it does not come back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, SERVER, type TestDatabase } from '../helpers/database.ts';
import { HAS_NATS, type NatsServer, openNats } from '../helpers/nats-server.ts';
import { type Server, seqsOf, startServer } from './server.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

interface Seen {
  seq: number;
  sessionId: string;
  cursor: string;
  skippedBefore: number;
  /** When it came. */
  at: number;
}

describe.runIf(SERVER && HAS_NATS)('two servers and NATS', () => {
  let place: Workplace;
  let database: TestDatabase;
  let nats: NatsServer;
  /** Where one watches, and where it is analysed. */
  let watched: Server;
  let working: Server;

  beforeAll(async () => {
    place = await workplace();
    // One run of ffmpeg lasts for all: a busy machine takes seconds to start one.
    await place.square('clip.mp4', 600);
    [database, nats] = [await createDatabase('server'), await openNats()];
    const env = {
      ...{ ...place.env, DATABASE_URL: database.config.databaseUrl!, NATS_URL: nats.url, MIEN_DEMO: 'false' },
    };
    // The other way round, the one that starts would take what runs for what a crash has left.
    watched = await startServer({ ...env, MIEN_DATA_DIR: `${place.env.MIEN_DATA_DIR}-watched` });
    working = await startServer(env);
    await until(
      async () => (await standing(watched)) === 'up' && (await standing(working)) === 'up',
      'both are up',
    );
  });
  afterAll(async () => {
    await working?.end('SIGTERM');
    await watched?.end('SIGTERM');
    await nats?.close();
    await place?.dispose();
    await database?.dispose();
  });

  it('what one server analyses is seen at the other: a session, resumed, all streams, sums, states', async () => {
    const { streamId, sessionId } = await begin();
    const [session, all] = [watch(watched, `sessionId: "${sessionId}"`), watch(watched, '')];
    const sums = collect(watched, `aggregateUpdates(sessionId: "${sessionId}", bucket: 1) { sessionId }`);
    const states = collect(watched, `streamStatus(streamId: "${streamId}") { state }`);
    await until(
      () => session.seen.length > 20 && all.seen.length > 20 && sums.events.length > 1,
      'moments are shown',
    );
    await session.client.dispose();
    const after = session.seen.at(-1)!;
    await sleep(500);
    const resumed = watch(watched, `sessionId: "${sessionId}", after: "${after.cursor}"`);
    await until(() => resumed.seen.length > 20, 'it goes on');
    expect(resumed.seen[0]!.seq).toBe(after.seq + 1);
    expectWhole([...session.seen, ...resumed.seen]);
    await stop(streamId);
    await until(() => resumed.isOver() && sums.isOver(), 'they end with the session');
    const stored = await seqsOf(working, sessionId);
    expect(resumed.seen.at(-1)!.seq).toBe(stored.at(-1));
    await until(() => all.seen.at(-1)!.seq === stored.at(-1), 'all is shown of all streams');
    expectWhole(all.seen);
    await until(() => /ENDED/.test(JSON.stringify(states.events.at(-1))), 'the end is told');
    await all.client.dispose();
    const metrics = await (await fetch(new URL('/metrics', watched.url))).text();
    expect(metrics).toMatch(/^mien_bus_up 1$/m);
    expect(Number(/^mien_bus_received_messages_total (\d+)$/m.exec(metrics)![1])).toBeGreaterThan(40);
  });

  it.each([
    ['a second', 1_000],
    ['nine seconds', 9_000],
  ])('NATS that is away for %s costs no moment, and none comes late', async (_, away) => {
    const { streamId, sessionId } = await begin();
    const [here, there] = [
      watch(working, `sessionId: "${sessionId}"`),
      watch(watched, `sessionId: "${sessionId}"`),
    ];
    const all = watch(watched, '');
    await until(() => there.seen.length > 5 && all.seen.length > 5, 'moments are shown');
    await nats.kill();
    await sleep(away);
    if (away > 3_000) expect(await standing(watched)).toBe('down');
    await nats.start();
    await until(
      async () => (await standing(watched)) === 'up' && (await standing(working)) === 'up',
      'it is back',
    );
    const shown = there.seen.length;
    await until(() => there.seen.length > shown + 20, 'it goes on');
    await stop(streamId);
    await until(() => there.isOver() && here.isOver(), 'both end');
    expectWhole(there.seen);
    expectWhole(all.seen);
    expectInTime(here.seen, there.seen);
    await all.client.dispose();
  });

  it('NATS that does not come back costs no moment either: all is shown, in time, and ends', async () => {
    const { streamId, sessionId } = await begin();
    const [here, there] = [
      watch(working, `sessionId: "${sessionId}"`),
      watch(watched, `sessionId: "${sessionId}"`),
    ];
    const episodes = collect(watched, `expressionEpisodes(sessionId: "${sessionId}") { kind }`);
    const sums = collect(watched, `aggregateUpdates(sessionId: "${sessionId}", bucket: 1) { sessionId }`);
    await until(() => there.seen.length > 5, 'moments are shown');
    await nats.kill();
    const shown = there.seen.length;
    await until(() => there.seen.length > shown + 50, 'it goes on without');
    expect(await standing(watched)).toBe('down');
    await stop(streamId);
    await until(() => [there, here, episodes, sums].every(({ isOver }) => isOver()), 'all end');
    const stored = await seqsOf(working, sessionId);
    expect(there.seen.at(-1)!.seq).toBe(stored.at(-1));
    expectWhole(there.seen);
    expectInTime(here.seen, there.seen);
  });

  it('a server that finds no NATS is seen where the others do, in time, and its ends are told', async () => {
    await nats.start();
    const apart = await startServer({
      ...{ ...place.env, DATABASE_URL: database.config.databaseUrl!, MIEN_DEMO: 'false' },
      ...{ NATS_URL: 'nats://127.0.0.1:1', MIEN_DATA_DIR: `${place.env.MIEN_DATA_DIR}-apart` },
    });
    try {
      await until(async () => (await standing(watched)) === 'up', 'NATS is back');
      expect(await standing(apart)).toBe('down');
      const { streamId, sessionId } = await begin(apart);
      const [here, there] = [
        watch(apart, `sessionId: "${sessionId}"`),
        watch(watched, `sessionId: "${sessionId}"`),
      ];
      const all = watch(watched, '');
      await until(() => there.seen.length > 50 && all.seen.length > 50, 'moments are shown');
      await stop(streamId, apart);
      await until(() => there.isOver() && here.isOver(), 'both end');
      const stored = await seqsOf(apart, sessionId);
      expect(there.seen.at(-1)!.seq).toBe(stored.at(-1));
      await until(() => all.seen.at(-1)!.seq === stored.at(-1), 'all is shown of all streams');
      expectWhole(there.seen);
      expectWhole(all.seen);
      expectInTime(here.seen, there.seen);
      await all.client.dispose();
    } finally {
      await apart.end('SIGTERM');
    }
  });

  async function begin(at = working): Promise<{ streamId: string; sessionId: string }> {
    const { registerStream } = await at.query<{
      registerStream: { stream: { id: string; latestSession: { id: string } } };
    }>(
      `mutation { registerStream(input: { name: "Clip ${Math.random()}", source: { file: "clip.mp4" }, purpose: RESEARCH,
      realtime: true }) { stream { id latestSession { id } } } }`,
    );
    const { id, latestSession } = registerStream.stream;
    return { streamId: id, sessionId: latestSession.id };
  }

  async function stop(streamId: string, at = working): Promise<void> {
    await at.query(`mutation { stopStream(input: { id: "${streamId}" }) { session { state } } }`);
  }
});

async function standing(server: Server): Promise<string> {
  const answer = await fetch(new URL('/ready', server.url));
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { bus: string }).bus;
}

function collect(server: Server, field: string) {
  const client: Client = server.socket();
  const events: unknown[] = [];
  let isOver = false;
  const fail = (error: unknown) => void events.push(error);
  const end = () => {
    isOver = true;
  };
  client.subscribe(
    { query: `subscription { ${field} }` },
    { next: (event) => void events.push(event), error: fail, complete: end },
  );
  return { client, events, isOver: () => isOver };
}

function watch(server: Server, scope: string) {
  const client: Client = server.socket();
  const seen: Seen[] = [];
  let isOver = false;
  const field = `frameEmotions${scope && `(${scope})`} { seq sessionId cursor skippedBefore }`;
  client.subscribe<{ frameEmotions: Omit<Seen, 'at'> }>(
    { query: `subscription { ${field} }` },
    {
      next: ({ data }) => void seen.push({ ...data!.frameEmotions, at: performance.now() }),
      error: () => {},
      complete: () => {
        isOver = true;
      },
    },
  );
  return { client, seen, isOver: () => isOver };
}

/** Of each session all moments from the first that was seen, once, in order, and none was skipped. */
function expectWhole(seen: readonly Seen[]): void {
  const bySession = new Map<string, number[]>();
  for (const { sessionId, seq } of seen) bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), seq]);
  for (const seqs of bySession.values()) expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
  expect(seen.filter(({ skippedBefore }) => skippedBefore > 0)).toEqual([]);
}

/** By how much a moment came later at one server than at the other: of a hundred one may take longer than a second and a half. */
function expectInTime(here: readonly Seen[], there: readonly Seen[]): void {
  const first = new Map(here.map(({ seq, at }) => [seq, at]));
  const late = there
    .flatMap(({ seq, at }) => (first.has(seq) ? [at - first.get(seq)!] : []))
    .sort((a, b) => a - b);
  expect(late.length).toBeGreaterThan(20);
  const p99 = late[Math.ceil(0.99 * late.length) - 1]!;
  console.info(
    `later at the other server: median ${Math.round(late[late.length >> 1]!)} ms, p99 ${Math.round(p99)} ms`,
  );
  expect(p99).toBeLessThan(1_500);
}
