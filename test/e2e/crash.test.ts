/**
 * What a subscriber was shown survives `kill -9`: the server is killed at random points, started again on the
 * same database, and asked for every moment it had sent. CRASHES=50 does it fifty times.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../api/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Server, startServer } from './server.ts';

const CRASHES = Number(process.env.CRASHES ?? 2);
const SUBSCRIPTION = `subscription {
  frameEmotions { sessionId seq mediaTime faces { track confidence expression valence } }
}`;
const TIMELINE = `query ($id: ID!, $first: Int!, $after: String) {
  session(id: $id) {
    state
    timeline(first: $first, after: $after) {
      edges { node { sessionId seq mediaTime faces { track confidence expression valence } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

interface Shown {
  sessionId: string;
  seq: number;
}

let database: TestDatabase;
let server: Server | null = null;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await server?.end('SIGKILL');
  await database.dispose();
});

it(
  `no moment that a subscriber was shown is lost, though the server is killed ${CRASHES} times at random points`,
  async () => {
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    let total = 0;
    server = await startServer(env);
    for (let crash = 0; crash < CRASHES; crash++) {
      const shown = await watchUntilKilled(server);
      server = await startServer(env);
      await expectKept(server, shown);
      await startAgain(server);
      total += shown.length;
    }
    expect(total).toBeGreaterThan(CRASHES);
    console.log(`${CRASHES} kills, ${total} moments shown, all kept`);
  },
  120_000 + CRASHES * 120_000,
);

/** So many crashes so soon: the stream is not started by itself any more. */
async function startAgain(survivor: Server): Promise<void> {
  type Answer = {
    streams: { nodes: { id: string; latestSession: { state: string; failure: string | null } }[] };
  };
  const newest = async () =>
    (await survivor.query<Answer>('{ streams { nodes { id latestSession { state failure } } } }')).streams
      .nodes[0]!;
  const isGivenUp = async () => (await newest()).latestSession.failure?.includes('was not started again');
  const runs = async () => ['STARTING', 'RUNNING'].includes((await newest()).latestSession.state);
  await until(async () => (await isGivenUp()) || (await runs()), 'it runs again, or is given up', 20_000);
  if (!(await isGivenUp())) return;
  await survivor.query('mutation ($id: ID!) { startStream(input: { id: $id }) { session { id } } }', {
    id: (await newest()).id,
  });
}

/** Everything that a WebSocket subscriber was shown before the kill, which comes up to 3 s after the first moment. */
async function watchUntilKilled(victim: Server): Promise<Shown[]> {
  const shown: Shown[] = [];
  const socket = victim.socket();
  let first = () => {};
  const begun = new Promise<void>((resolve) => {
    first = resolve;
  });
  socket.subscribe<{ frameEmotions: Shown }>(
    { query: SUBSCRIPTION },
    {
      next({ data }) {
        if (data) shown.push(data.frameEmotions);
        first();
      },
      // The kill breaks the socket off; that is the point.
      error: () => {},
      complete: () => {},
    },
  );
  await begun;
  await pause(Math.random() * 3_000);
  await victim.end('SIGKILL');
  await pause(50);
  return shown;
}

async function expectKept(survivor: Server, shown: Shown[]): Promise<void> {
  for (const sessionId of new Set(shown.map((moment) => moment.sessionId))) {
    // On a server, as soon as the lease of the one that was killed has run out.
    const isInterrupted = async () => (await timeline(survivor, sessionId)).state === 'INTERRUPTED';
    await until(isInterrupted, 'its session is interrupted', 20_000);
    const { moments } = await timeline(survivor, sessionId);
    const kept = new Map(moments.map((moment) => [moment.seq, moment]));
    for (const moment of shown.filter((one) => one.sessionId === sessionId)) {
      expect(kept.get(moment.seq)).toEqual(moment);
    }
    expect(moments.map(({ seq }) => seq)).toEqual(moments.map((_, index) => index));
  }
}

async function timeline(survivor: Server, id: string): Promise<{ state: string; moments: Shown[] }> {
  const moments: Shown[] = [];
  let after: string | null = null;
  for (;;) {
    type Answer = {
      session: {
        state: string;
        timeline: { edges: { node: Shown }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      };
    };
    const { session }: Answer = await survivor.query<Answer>(TIMELINE, { id, first: 100, after });
    moments.push(...session.timeline.edges.map(({ node }) => node));
    if (!session.timeline.pageInfo.hasNextPage) return { state: session.state, moments };
    after = session.timeline.pageInfo.endCursor;
  }
}
