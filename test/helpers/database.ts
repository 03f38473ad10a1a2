/** A fresh database for a test: PGlite in a temporary directory, or a database of its own on TEST_DATABASE_URL's server. */
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, statfsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { SessionSummary } from '../../src/domain/aggregate.ts';
import { openStore, type Store, type StoreConfig } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { SETTINGS } from './streams.ts';

export const SERVER = process.env.TEST_DATABASE_URL;
const CACHE = join('node_modules', '.cache', 'mien');
const MEMORY = '/dev/shm';

export interface TestDatabase {
  /** For openStore and for the server: where the database is. */
  config: { dataDir: string; databaseUrl?: string };
  /** Removes it; everything that uses it must be closed. */
  dispose(): Promise<void>;
}

/** @param kind default: a server where TEST_DATABASE_URL is set, PGlite otherwise */
export async function createDatabase(
  kind: 'pglite' | 'server' = SERVER ? 'server' : 'pglite',
): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(kind === 'pglite' ? roomInMemory() : tmpdir(), 'mien-'));
  const removeDirectory = () => rm(dataDir, { recursive: true, force: true });
  if (kind === 'pglite') {
    await copyEmptyDatabase(dataDir);
    return { config: { dataDir }, dispose: removeDirectory };
  }
  const name = `mien_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const databaseUrl = new URL(SERVER!);
  databaseUrl.pathname = `/${name}`;
  return {
    config: { dataDir, databaseUrl: databaseUrl.href },
    async dispose() {
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await removeDirectory();
    },
  };
}

/** Puts a database without rows into a data directory, for PGlite. */
export async function copyEmptyDatabase(dataDir: string): Promise<void> {
  // A thousand small files: asynchronously it takes five times the processor time.
  cpSync(await template(), join(dataDir, 'pglite'), { recursive: true });
}

export interface TestStore extends TestDatabase {
  /** A test may close it and put another in its place. */
  store: Store;
  /** A session of a new stream. */
  session(): Promise<{ id: string; streamId: string }>;
}

/** A store on a fresh database, with a model; `dispose` closes it too. */
export async function createStore(options: Partial<StoreConfig> = {}): Promise<TestStore> {
  const database = await createDatabase();
  const store = await openStore({ rollUp, ...database.config, ...options });
  await store.models.upsert(MODEL);
  const test: TestStore = {
    ...database,
    store,
    session: () => createSession(test.store),
    async dispose() {
      await test.store.close();
      await database.dispose();
    },
  };
  return test;
}

export async function createSession(store: Store): Promise<{ id: string; streamId: string }> {
  const stream = await store.streams.create(STREAM);
  return store.sessions.create({ streamId: stream.id, modelId: MODEL.id });
}

export async function summaryOf(store: Store, sessionId: string): Promise<SessionSummary> {
  const [summary] = await store.rollups.summaries([sessionId]);
  return summary!;
}

export const MODEL = {
  id: 'test@1',
  name: 'test',
  version: '1',
  sha256: '0'.repeat(64),
  kind: 'ensemble',
  license: 'MIT',
  device: 'cpu',
  labels: ['NEUTRAL', 'HAPPINESS'],
  actionUnits: ['AU01', 'AU02'],
  metrics: { accuracy: 0.5 },
};

export const STREAM = {
  ...SETTINGS,
  name: 'a stream',
  source: { type: 'file', path: 'demo.mp4' },
} as const;

/** Making a cluster takes seconds, copying one does not: the first test makes it for all, and for later runs. */
async function template(): Promise<string> {
  const directory = join(CACHE, `pglite-${await fingerprint()}`);
  if (await exists(directory)) return directory;
  const dataDir = await mkdtemp(join(roomInMemory(), 'mien-template-'));
  const store = await openStore({ rollUp, dataDir });
  await store.close();
  await mkdir(CACHE, { recursive: true });
  const draft = join(CACHE, randomUUID());
  cpSync(join(dataDir, 'pglite'), draft, { recursive: true });
  // Another test may have been quicker: then its copy is as good.
  await rename(draft, directory).catch(() => rm(draft, { recursive: true, force: true }));
  await rm(dataDir, { recursive: true, force: true });
  return directory;
}

/** Where a disk's syncs, of which a start alone does a thousand, cost nothing; a container's 64 MB are too few. */
export function roomInMemory(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize > 2 ** 30) return MEMORY;
  } catch {
    // This system has none.
  }
  return tmpdir();
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile('node_modules/@electric-sql/pglite/package.json'));
  for (const name of (await readdir('prisma/migrations')).sort()) {
    hash
      .update(name)
      .update(await readFile(join('prisma/migrations', name, 'migration.sql')).catch(() => ''));
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
