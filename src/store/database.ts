/** Prisma's client on a PostgreSQL server or on PGlite, and the connection below it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { ClientBase } from 'pg';
import type { Log } from '../domain/log.ts';
import { type Connected, connect, TRANSACTION_MS } from './connect.ts';
import {
  createIn,
  noteClosed,
  openingFailure,
  tellCheckpointFailed,
  watchLock,
} from './embedded-database-lifecycle.ts';
import { OWN_STORE_CLOCK, openClock, type StoreClock } from './lease/database-clock.ts';
import { acquireDirectoryLock, type LockTimes } from './lock/directory-lock.ts';
import { type Checkpoints, type CheckpointTimes, createCheckpoints } from './pglite/checkpoints.ts';
import { assertUndamaged } from './pglite/file-sizes.ts';
import { createSyncedDirectory } from './pglite/fsync-files.ts';
import { createMutex, type Mutex } from './pglite/mutex.ts';
import { PgliteClient } from './pglite/pglite-client.ts';
import { createAdapterFactory } from './pglite/prisma-adapter.ts';
import { createScrub } from './pglite/scrub.ts';
import { createServerVacuum, createVacuum } from './pglite/vacuum.ts';
import type { ReadBytes } from './sql/binary-records.ts';
import type { RunPrepared } from './sql/run-prepared.ts';
import { prepareWhereKept, runParsed, statementName } from './sql/server-statements.ts';
import {
  createDropPartition,
  createServerDropPartition,
  type DropPartition,
  LOCK_TIMEOUT,
} from './upkeep/drop-partition.ts';
import { migratePGlite, migratePostgres } from './upkeep/migrate.ts';

/** Connections of one process to a server. */
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** A commit that was not answered by then is repeated over another connection: the network may have forgotten this one. */
const COMMIT_TIMEOUT_MS = 30_000;
/** A lease that waits longer is asked for over another connection, while there is time. */
const LEASE_TIMEOUT_MS = 2_000;
/** Whoever has locked what a statement needs, such as a table, is waited for no longer; it may succeed later. */
const LONGEST_LOCK_WAIT = '30s';
/** A process that was halted in a transaction keeps others from its rows no longer than that. */
const IDLE_IN_TRANSACTION = '5s';

export interface Database extends Connected {
  /** Nothing else waits on its connection to a server. */
  runLease: RunPrepared;
  /** By which what is recorded has its times. */
  clock: StoreClock;
  /** No other process can have it open. */
  isExclusive: boolean;
  /** What a server's autovacuum does; PGlite has none. */
  vacuum(): Promise<void>;
  /** Of rows that were deleted from these partitions, and from other tables, nothing stays in PGlite's files; a server is told to vacuum. */
  scrub(partitions: readonly string[]): Promise<void>;
  dropPartition: DropPartition;
}

export interface DatabaseConfig {
  databaseUrl?: string | undefined;
  dataDir: string;
  log?: Pick<Log, 'info' | 'warn' | 'error'> | undefined;
  /** Of a commit on a server. */
  commitTimeoutMs?: number | undefined;
}

/**
 * Migrates, then connects.
 * @param times of the data directory's lock and of checkpoints, where there is no server
 * @throws MienError CONFLICT when another process holds the directory, CONFIG_INVALID (see migrate)
 */
export async function openDatabase(
  config: DatabaseConfig,
  times: { lock?: LockTimes; checkpoints?: CheckpointTimes } = {},
): Promise<Database> {
  return config.databaseUrl === undefined
    ? openPGlite(config, times)
    : openPostgres(config.databaseUrl, config);
}

async function openPostgres(url: string, { commitTimeoutMs, log }: DatabaseConfig): Promise<Database> {
  await migratePostgres(url);
  const config = connectionConfig(url);
  const forUpkeep = {
    ...{ ...config, max: 1, query_timeout: TRANSACTION_MS },
    onConnect: async (client: ClientBase) =>
      void (await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`)),
  };
  const adapter = new PrismaPg({ ...config, max: POOL_SIZE, query_timeout: TRANSACTION_MS }, QUIET);
  const { runPrepared, runLease, dispose } = await openBeside(config, commitTimeoutMs);
  try {
    const { clock, keepRight } = await openClock(runLease, log);
    const database = await connect(adapter, { runPrepared }, dispose);
    const { prisma } = database;
    const stopClock = keepRight();
    return {
      ...{ ...database, runLease, clock, isExclusive: false, vacuum: async () => {} },
      async close() {
        await stopClock();
        await database.close();
      },
      dropPartition: createServerDropPartition(new PrismaPg(forUpkeep, QUIET)),
      scrub: createServerVacuum(prisma),
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A connection that breaks while nobody uses it is replaced at the next query; that one reports trouble. */
const QUIET = { onPoolError: () => {}, onConnectionError: () => {} };

/** Connections for commits and for the lease alone, which wait for nothing else. */
async function openBeside(config: ReturnType<typeof connectionConfig>, commitTimeoutMs = COMMIT_TIMEOUT_MS) {
  const ofCommits = { ...config, max: 1, query_timeout: commitTimeoutMs };
  const preparing = new PrismaPg(ofCommits, { ...QUIET, statementNameGenerator: statementName });
  const keeping = await preparing.connect();
  const parsing = await new PrismaPg(ofCommits, QUIET).connect();
  const times = { query_timeout: LEASE_TIMEOUT_MS, connectionTimeoutMillis: LEASE_TIMEOUT_MS };
  const leasing = await new PrismaPg({ ...ofCommits, ...times }, QUIET).connect();
  return {
    runPrepared: prepareWhereKept(keeping, parsing),
    runLease: runParsed(leasing),
    dispose: async () => void (await Promise.all([keeping.dispose(), parsing.dispose(), leasing.dispose()])),
  };
}

function connectionConfig(url: string) {
  return {
    ...{ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true },
    // Compiling a statement about many sessions takes a server seconds, and running it without milliseconds. What waits for a
    // lock goes by what it finds then (leases, commits), whatever the database's own default is.
    onConnect: async (client: ClientBase) =>
      void (await client.query(
        `SET jit = off; SET lock_timeout = '${LONGEST_LOCK_WAIT}'; SET idle_in_transaction_session_timeout = '${IDLE_IN_TRANSACTION}'; SET default_transaction_isolation = 'read committed'`,
      )),
  };
}

async function openPGlite(
  { dataDir, log }: DatabaseConfig,
  times: { lock?: LockTimes; checkpoints?: CheckpointTimes },
): Promise<Database> {
  await createSyncedDirectory(dataDir);
  const directory = join(dataDir, 'pglite');
  const client = new PgliteClient({ directory });
  const mutex = createMutex();
  const releaseLock = await acquireDirectoryLock(dataDir, watchLock(client, dataDir, log), times.lock);
  const checkpoints = createCheckpoints(
    ...([client, directory, mutex, tellCheckpointFailed(log), times.checkpoints] as const),
  );
  const closeClient = async () => {
    await checkpoints.stop();
    if (await client.close()) await noteClosed(directory, log);
    await releaseLock();
  };
  try {
    if (!existsSync(join(directory, 'PG_VERSION'))) await createIn(directory, log);
    await assertUndamaged(directory);
    const database = await connectPGlite(client, checkpoints, mutex, closeClient);
    checkpoints.start();
    return database;
  } catch (error) {
    await closeClient();
    throw openingFailure(error, directory);
  }
}

async function connectPGlite(
  client: PgliteClient,
  checkpoints: Checkpoints,
  mutex: Mutex,
  closeClient: () => Promise<void>,
): Promise<Database> {
  const adapter = createAdapterFactory(checkpoints.client, mutex);
  await migratePGlite(adapter);
  const runPrepared: RunPrepared = (sql, parameters) =>
    mutex.runExclusive(() => client.runPrepared(sql, parameters));
  const readBytes: ReadBytes = (sql, parameters) =>
    mutex.runExclusive(() => client.readBytes(sql, parameters.map(String)));
  const database = await connect(adapter, { runPrepared, readBytes }, closeClient);
  const { prisma } = database;
  return {
    ...database,
    ...{
      runLease: runPrepared,
      ...{ clock: OWN_STORE_CLOCK, isExclusive: true },
      vacuum: createVacuum(prisma),
      scrub: createScrub(prisma),
      dropPartition: createDropPartition(prisma),
    },
  };
}
