/** Prisma's client on a PostgreSQL server or on PGlite, and the connection below it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory, SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils';
import type { ClientBase } from 'pg';
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import {
  createIn,
  noteClosed,
  openingFailure,
  tellCheckpointFailed,
  watchLock,
} from './embedded-database.ts';
import { PrismaClient } from './generated/client.ts';
import { type Checkpoints, type CheckpointTimes, createCheckpoints } from './pglite/checkpoints.ts';
import { acquireDirectoryLock, type LockTimes } from './pglite/directory-lock.ts';
import { assertUndamaged } from './pglite/file-sizes.ts';
import { createSyncedDirectory } from './pglite/fsync-files.ts';
import { createMutex, type Mutex } from './pglite/mutex.ts';
import { PgliteClient } from './pglite/pglite-client.ts';
import { createAdapterFactory } from './pglite/prisma-adapter.ts';
import { createScrub } from './pglite/scrub.ts';
import { createServerVacuum, createVacuum } from './pglite/vacuum.ts';
import { isStatementNotKept } from './sql/database-errors.ts';
import type { Parameter, RunPrepared } from './sql/parameters.ts';
import { migratePGlite, migratePostgres } from './upkeep/migrate.ts';

/** Connections of one process to a server. */
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** A commit that was not answered by then is repeated over another connection: the network may have forgotten this one. */
const COMMIT_TIMEOUT_MS = 30_000;
/** Removing a long session takes its time; a busy machine too. */
const TRANSACTION_WAIT_MS = 15_000;
const TRANSACTION_MS = 300_000;

export interface Database {
  prisma: PrismaClient;
  /** Calls `listener` with the SQL of every statement from now on; returns its own removal. */
  onQuery(listener: (sql: string) => void): () => void;
  /** On a server in a connection of its own, through Prisma's driver adapter. */
  runPrepared: RunPrepared;
  /** What a server's autovacuum does; PGlite has none. */
  vacuum(): Promise<void>;
  /** Of rows that were deleted from these partitions, and from other tables, nothing stays in PGlite's files; a server is told to vacuum. */
  scrub(partitions: readonly string[]): Promise<void>;
  close(): Promise<void>;
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
    : openPostgres(config.databaseUrl, config.commitTimeoutMs);
}

async function openPostgres(url: string, commitTimeoutMs = COMMIT_TIMEOUT_MS): Promise<Database> {
  await migratePostgres(url);
  const config = {
    ...{ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true },
    // Compiling a statement about many sessions takes a server seconds, and running it without milliseconds.
    onConnect: async (client: ClientBase) => void (await client.query('SET jit = off')),
  };
  const ofCommits = { ...config, max: 1, query_timeout: commitTimeoutMs };
  // A connection that breaks while nobody uses it is replaced at the next query; that one reports trouble.
  const options = { onPoolError: () => {}, onConnectionError: () => {} };
  const adapter = new PrismaPg({ ...config, max: POOL_SIZE, query_timeout: TRANSACTION_MS }, options);
  const preparing = new PrismaPg(ofCommits, { ...options, statementNameGenerator: statementName });
  const keeping = await preparing.connect();
  const parsing = await new PrismaPg(ofCommits, options).connect();
  const dispose = async () => void (await Promise.all([keeping.dispose(), parsing.dispose()]));
  try {
    const database = await connect(adapter, prepareWhereKept(keeping, parsing), dispose);
    return { ...database, vacuum: async () => {}, scrub: createServerVacuum(database.prisma) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * Behind a pooler that gives every transaction another connection (PgBouncer, with `max_prepared_statements = 0`), statements
 * are not kept: from the first that is not known, or is another's, they are parsed each time.
 */
function prepareWhereKept(keeping: SqlQueryable, parsing: SqlQueryable): RunPrepared {
  let connection = keeping;
  return async (sql, parameters) => {
    const query = { sql, args: [...parameters], argTypes: parameters.map(argTypeOf) };
    const run = async () => (await connection.queryRaw(query)).rows.map(([first]) => first);
    try {
      return await run();
    } catch (error) {
      if (connection === parsing || !isStatementNotKept(error)) throw error;
      connection = parsing;
      return run();
    }
  };
}

/** Statements that are the same have the same name, and are parsed once per connection. */
function statementName({ sql }: SqlQuery): string {
  return createHash('sha256').update(sql).digest('base64url');
}

function argTypeOf(parameter: Parameter) {
  return { scalarType: typeof parameter === 'string' ? 'string' : 'bytes', arity: 'scalar' } as const;
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
  const database = await connect(adapter, runPrepared, closeClient);
  return { ...database, vacuum: createVacuum(database.prisma), scrub: createScrub(database.prisma) };
}

/** @param closeBelow called once Prisma's client is disconnected */
async function connect(
  adapter: SqlDriverAdapterFactory,
  runPrepared: RunPrepared,
  closeBelow: () => Promise<void>,
): Promise<Omit<Database, 'vacuum' | 'scrub'>> {
  let closed: Promise<void> | null = null;
  const prisma = new PrismaClient({
    adapter: untilClosed(adapter, () => closed !== null),
    log: [{ emit: 'event', level: 'query' }],
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_MS },
  });
  const listeners = new Set<(sql: string) => void>();
  const notify = (sql: string) => {
    for (const listener of listeners) listener(sql);
  };
  prisma.$on('query', ({ query }) => notify(query));
  try {
    await prisma.$connect();
    // PGlite's thread starts with its first statement, and takes as long as it takes; a transaction would not wait for it.
    await prisma.$queryRaw`SELECT 1`;
  } catch (error) {
    await prisma.$disconnect();
    throw error;
  }
  return {
    prisma,
    runPrepared(sql, parameters) {
      notify(sql);
      return runPrepared(sql, parameters);
    },
    onQuery(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => (closed ??= prisma.$disconnect().finally(closeBelow)),
  };
}

/** Left to itself, Prisma's client connects again for whatever is asked of it after its end. */
function untilClosed(factory: SqlDriverAdapterFactory, isClosed: () => boolean): SqlDriverAdapterFactory {
  const { provider, adapterName } = factory;
  const connect = async () => {
    if (isClosed()) throw new MienError('SHUTTING_DOWN', 'The database is closed.');
    return factory.connect();
  };
  return { provider, adapterName, connect };
}
