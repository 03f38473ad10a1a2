/** Prisma's client on a PostgreSQL server or on PGlite, and the connection below it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory, SqlQuery } from '@prisma/driver-adapter-utils';
import type { Parameter } from './commit/parameter-layout.ts';
import { PrismaClient } from './generated/client.ts';
import { createDirectory } from './pglite/create-directory.ts';
import { takeLock } from './pglite/directory-lock.ts';
import { openRemote } from './pglite/pglite-client.ts';
import { createAdapterFactory, createTurns } from './pglite/prisma-adapter.ts';
import { makeDirectory } from './pglite/sync-tree.ts';
import { migratePGlite, migratePostgres } from './upkeep/migrate.ts';

/** Connections of one process to a server. */
const POOL = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** Removing a long session takes its time; a busy machine too. */
const TRANSACTION_WAIT_MS = 15_000;
const TRANSACTION_MS = 300_000;

export interface Database {
  prisma: PrismaClient;
  /** Calls `listener` with the SQL of every statement from now on; returns its own removal. */
  onQuery(listener: (sql: string) => void): () => void;
  /**
   * Runs a statement with large parameters past Prisma's query compiler, which would read every parameter as JSON: on a
   * server in a connection of its own, through Prisma's driver adapter. The database parses it once.
   * @returns the first column of its rows
   */
  write(sql: string, parameters: readonly Parameter[]): Promise<unknown[]>;
  /** What a server's autovacuum does; PGlite has none. */
  tidy(): Promise<void>;
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
  const readers = new PrismaPg({ ...config, max: POOL }, options);
  const writer = new PrismaPg({ ...config, max: 1 }, { ...options, statementNameGenerator: nameOf });
  const writing = await writer.connect();
  const write: Database['write'] = async (sql, parameters) => {
    const argTypes = parameters.map(argTypeOf);
    const { rows } = await writing.queryRaw({ sql, args: [...parameters], argTypes });
    return rows.map(([first]) => first);
  };
  return { ...(await connect(readers, write, () => writing.dispose())), tidy: async () => {} };
}

/** Statements that are the same have the same name, and are parsed once per connection. */
function nameOf({ sql }: SqlQuery): string {
  return createHash('sha256').update(sql).digest('base64url');
}

async function openPGlite(dataDir: string): Promise<Database> {
  await makeDirectory(dataDir);
  const release = await takeLock(dataDir);
  const directory = join(dataDir, 'pglite');
  const remote = openRemote({ directory });
  const closeBelow = async () => {
    await remote.close();
    await release();
  };
  try {
    // In a thread of its own: what makes a database keeps some 350 MB of memory.
    if (!existsSync(join(directory, 'PG_VERSION'))) {
      await createDirectory(directory, (draft) => migratePGlite(createAdapterFactory(draft)));
    }
    const turns = createTurns();
    const factory = createAdapterFactory(remote, turns);
    await migratePGlite(factory);
    const write: Database['write'] = (sql, parameters) => turns.run(() => remote.write(sql, parameters));
    const database = await connect(factory, write, closeBelow);
    const tidy = async () => {
      await database.prisma.$executeRawUnsafe('VACUUM (ANALYZE) session, track, episode, rollup');
    };
    return { ...database, tidy };
  } catch (error) {
    await closeBelow().catch(() => {});
    throw error;
  }
}

async function connect(
  adapter: SqlDriverAdapterFactory,
  write: Database['write'],
  closeBelow: () => Promise<void>,
): Promise<Omit<Database, 'tidy'>> {
  const prisma = new PrismaClient({
    adapter,
    log: [{ emit: 'event', level: 'query' }],
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_MS },
  });
  const listeners = new Set<(sql: string) => void>();
  const tell = (sql: string) => {
    for (const listener of listeners) listener(sql);
  };
  prisma.$on('query', ({ query }) => tell(query));
  await prisma.$connect();
  // PGlite's thread starts with its first statement, and takes as long as it takes; a transaction would not wait for it.
  await prisma.$queryRaw`SELECT 1`;
  return {
    prisma,
    write(sql, parameters) {
      tell(sql);
      return write(sql, parameters);
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

function argTypeOf(parameter: Parameter) {
  return { scalarType: typeof parameter === 'string' ? 'string' : 'bytes', arity: 'scalar' } as const;
}
