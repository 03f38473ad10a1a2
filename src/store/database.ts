/** Prisma's client on a PostgreSQL server or on PGlite, and the connection below it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory, SqlQuery } from '@prisma/driver-adapter-utils';
import { PrismaClient } from './generated/client.ts';
import { createDatabaseDirectory } from './pglite/create-database-directory.ts';
import { acquireDirectoryLock } from './pglite/directory-lock.ts';
import { createSyncedDirectory } from './pglite/fsync-files.ts';
import { createMutex } from './pglite/mutex.ts';
import { PgliteClient } from './pglite/pglite-client.ts';
import { createAdapterFactory } from './pglite/prisma-adapter.ts';
import type { Parameter, RunPrepared } from './sql/parameters.ts';
import { migratePGlite, migratePostgres } from './upkeep/migrate.ts';

/** Connections of one process to a server. */
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
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
  close(): Promise<void>;
}

/** Migrates, then connects. @throws MienError CONFLICT when another process holds the directory, CONFIG_INVALID (see migrate) */
export async function openDatabase(config: {
  databaseUrl?: string | undefined;
  dataDir: string;
}): Promise<Database> {
  return config.databaseUrl === undefined ? openPGlite(config.dataDir) : openPostgres(config.databaseUrl);
}

async function openPostgres(url: string): Promise<Database> {
  await migratePostgres(url);
  const config = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  // A connection that breaks while nobody uses it is replaced at the next query; that one reports trouble.
  const options = { onPoolError: () => {}, onConnectionError: () => {} };
  const adapter = new PrismaPg({ ...config, max: POOL_SIZE }, options);
  const preparing = new PrismaPg(
    { ...config, max: 1 },
    { ...options, statementNameGenerator: statementName },
  );
  const connection = await preparing.connect();
  const runPrepared: RunPrepared = async (sql, parameters) => {
    const argTypes = parameters.map(argTypeOf);
    const { rows } = await connection.queryRaw({ sql, args: [...parameters], argTypes });
    return rows.map(([first]) => first);
  };
  return {
    ...(await connect(adapter, runPrepared, () => connection.dispose())),
    vacuum: async () => {},
  };
}

/** Statements that are the same have the same name, and are parsed once per connection. */
function statementName({ sql }: SqlQuery): string {
  return createHash('sha256').update(sql).digest('base64url');
}

function argTypeOf(parameter: Parameter) {
  return { scalarType: typeof parameter === 'string' ? 'string' : 'bytes', arity: 'scalar' } as const;
}

async function openPGlite(dataDir: string): Promise<Database> {
  await createSyncedDirectory(dataDir);
  const releaseLock = await acquireDirectoryLock(dataDir);
  const directory = join(dataDir, 'pglite');
  const client = new PgliteClient({ directory });
  const closeClient = async () => {
    await client.close();
    await releaseLock();
  };
  try {
    // In a thread of its own: what creates a database keeps some 350 MB of memory.
    if (!existsSync(join(directory, 'PG_VERSION'))) {
      await createDatabaseDirectory(directory, (draft) => migratePGlite(createAdapterFactory(draft)));
    }
    const mutex = createMutex();
    const adapter = createAdapterFactory(client, mutex);
    await migratePGlite(adapter);
    const runPrepared: RunPrepared = (sql, parameters) =>
      mutex.runExclusive(() => client.runPrepared(sql, parameters));
    const database = await connect(adapter, runPrepared, closeClient);
    const vacuum = async () => {
      await database.prisma.$executeRawUnsafe('VACUUM (ANALYZE) session, track, episode, rollup');
    };
    return { ...database, vacuum };
  } catch (error) {
    await closeClient().catch(() => {});
    throw error;
  }
}

/** @param closeBelow called once Prisma's client is disconnected */
async function connect(
  adapter: SqlDriverAdapterFactory,
  runPrepared: RunPrepared,
  closeBelow: () => Promise<void>,
): Promise<Omit<Database, 'vacuum'>> {
  const prisma = new PrismaClient({
    adapter,
    log: [{ emit: 'event', level: 'query' }],
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_MS },
  });
  const listeners = new Set<(sql: string) => void>();
  const notify = (sql: string) => {
    for (const listener of listeners) listener(sql);
  };
  prisma.$on('query', ({ query }) => notify(query));
  await prisma.$connect();
  // PGlite's thread starts with its first statement, and takes as long as it takes; a transaction would not wait for it.
  await prisma.$queryRaw`SELECT 1`;
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
    async close() {
      await prisma.$disconnect();
      await closeBelow();
    },
  };
}
