/** Prisma's client upon a connection, and its end. */
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { MienError } from '../errors.ts';
import { PrismaClient } from './generated/client.ts';
import { type ReadBytes, readBytesAsText } from './sql/binary-records.ts';
import type { RunPrepared } from './sql/run-prepared.ts';

/** Removing a long session takes its time; a busy machine too. */
const TRANSACTION_WAIT_MS = 15_000;
export const TRANSACTION_MS = 300_000;

/** A database as far as a server's and PGlite are the same. */
export interface Connected {
  prisma: PrismaClient;
  /** Calls `listener` with the SQL of every statement from now on; returns its own removal. */
  onQuery(listener: (sql: string) => void): () => void;
  /** On a server in a connection of its own, through Prisma's driver adapter. */
  runPrepared: RunPrepared;
  readBytes: ReadBytes;
  close(): Promise<void>;
}

/** @param readBytes default: through Prisma @param closeBelow called once Prisma's client is disconnected */
export async function connect(
  adapter: SqlDriverAdapterFactory,
  { runPrepared, readBytes }: { runPrepared: RunPrepared; readBytes?: ReadBytes },
  closeBelow: () => Promise<void>,
): Promise<Connected> {
  let closed: Promise<void> | null = null;
  const prisma = new PrismaClient({
    adapter: untilClosed(adapter, () => closed !== null),
    log: [{ emit: 'event', level: 'query' }],
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_MS },
  });
  const { notify, told, onQuery } = createQueryListeners();
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
    runPrepared: told(runPrepared),
    readBytes: readBytes ? told(readBytes) : readBytesAsText(prisma),
    onQuery,
    close: () => (closed ??= prisma.$disconnect().finally(closeBelow)),
  };
}

/** Who is told the SQL of every statement, also of those that are run past Prisma. */
function createQueryListeners() {
  const listeners = new Set<(sql: string) => void>();
  const notify = (sql: string) => {
    for (const listener of listeners) listener(sql);
  };
  return {
    notify,
    told:
      <Parameters, Answer>(run: (sql: string, parameters: Parameters) => Promise<Answer>) =>
      (sql: string, parameters: Parameters) => {
        notify(sql);
        return run(sql, parameters);
      },
    onQuery(listener: (sql: string) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
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
