/** A database of its own on the server of TEST_DATABASE_URL, and stores on it or on PGlite. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore, type Store } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';

export interface StoreLocation {
  /** `undefined`: PGlite in `dataDir`. */
  databaseUrl: string | undefined;
  dataDir: string;
  remove(): Promise<void>;
}

/** Null, and told to be left out, where no server answers. */
export async function postgresLocation(leftOut: (what: string) => void): Promise<StoreLocation | null> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return skip(leftOut, 'TEST_DATABASE_URL is not set');
  const name = `mien_bench_${randomBytes(6).toString('hex')}`;
  try {
    await onServer(server, `CREATE DATABASE ${name}`);
  } catch (error) {
    return skip(leftOut, (error as Error).message);
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    databaseUrl: url.href,
    dataDir: tmpdir(),
    remove: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export function pgliteLocation(): StoreLocation {
  const dataDir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  return {
    databaseUrl: undefined,
    dataDir,
    remove: async () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

export async function openStoreAt({ databaseUrl, dataDir }: StoreLocation): Promise<Store> {
  const store = await openStore({ rollUp, dataDir, ...(databaseUrl !== undefined && { databaseUrl }) });
  await store.models.upsert(MODEL);
  return store;
}

export async function createSession(
  store: Store,
  tags: Record<string, string> = {},
  name = 'bench',
): Promise<{ id: string; streamId: string; modelId: string }> {
  const stream = await store.streams.create({
    ...{ name, source: { type: 'file', path: 'none.mp4' }, purpose: 'RESEARCH' },
    ...{
      frameRate: 10,
      priority: 'NORMAL' as const,
      loop: false,
      realtime: null,
      smoothing: 250,
      retention: null,
      detectSize: 'STANDARD' as const,
      tags,
    },
  });
  return store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
}

const MODEL = {
  ...{ id: 'bench@1', name: 'bench', version: '1', sha256: '0'.repeat(64), kind: 'ensemble' },
  ...{ license: 'MIT', device: 'cpu', labels: [], metrics: {} },
  actionUnits: Array.from({ length: 21 }, (_, at) => `AU${at + 1}`),
};

async function onServer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

function skip(leftOut: (what: string) => void, why: string): null {
  leftOut(`PostgreSQL: ${why}`);
  return null;
}
