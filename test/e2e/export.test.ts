/** An export that a crash cut off is gone on with behind its last row, and the pieces are the whole. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Server, startServer } from './server.ts';

let database: TestDatabase;
let server: Server | null = null;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await server?.end('SIGKILL');
  await database.dispose();
});

const TABLES = ['readings', 'timeline', 'buckets'] as const;

it('rows that were exported before a crash, and those behind them after it, are the whole', async () => {
  const { dataDir, databaseUrl } = database.config;
  const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  server = await startServer(env);
  const session = await newestSession(server);
  await vi.waitUntil(async () => (await rowsOf(session, 'buckets')).rows.length > 4, {
    ...{ timeout: 120_000, interval: 500 },
  });
  const before = await Promise.all(TABLES.map((table) => rowsOf(session, table)));
  await server.end('SIGKILL');
  server = await startServer(env);
  for (const [at, table] of TABLES.entries()) {
    const { head, rows } = before[at]!;
    const whole = await rowsOf(session, table);
    // What was told before the crash has not changed by it.
    expect(whole.rows.slice(0, rows.length)).toEqual(rows);
    for (const kept of [1, Math.floor(rows.length / 2), rows.length]) {
      const rest = await rowsOf(session, table, placeOf(table, head, rows[kept - 1]!));
      expect(rest.head).toBe(head);
      expect([...rows.slice(0, kept), ...rest.rows]).toEqual(whole.rows);
    }
  }
}, 300_000);

async function newestSession({ query }: Server): Promise<string> {
  type Answer = { sessions: { nodes: { id: string }[] } };
  return vi.waitUntil(
    async () => (await query<Answer>('{ sessions { nodes { id } } }')).sessions.nodes[0]?.id,
    {
      ...{ timeout: 60_000, interval: 200 },
    },
  );
}

async function rowsOf(
  session: string,
  table: string,
  after?: string,
): Promise<{ head: string; rows: string[] }> {
  const url = new URL(`/export/sessions/${session}/${table}.csv`, server!.url);
  if (after !== undefined) url.searchParams.set('after', after);
  const [head = '', ...rows] = (await (await fetch(url)).text()).trimEnd().split('\n');
  return { head, rows };
}

function placeOf(table: (typeof TABLES)[number], head: string, row: string): string {
  const cell = (column: string) => row.split(',')[head.split(',').indexOf(column)] ?? '';
  if (table === 'buckets') return cell('start');
  return table === 'readings' ? `${cell('seq')}:${cell('track')}` : cell('seq');
}
