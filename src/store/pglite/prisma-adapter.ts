/** Prisma's driver adapter over PGlite's thread. PGlite has one connection, so a transaction keeps others waiting. */
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
  Transaction,
} from '@prisma/driver-adapter-utils';
import type { Remote } from './pglite-client.ts';

const NAME = { provider: 'postgres', adapterName: 'mien-pglite' } as const;

/** @param turns shared with whoever else calls `remote` */
export function createAdapterFactory(
  remote: Remote,
  turns: Turns = createTurns(),
): SqlMigrationAwareDriverAdapterFactory {
  return {
    ...NAME,
    connect: async () => createAdapter(remote, turns),
    connectToShadowDb: () => Promise.reject(new Error('PGlite has no shadow database')),
  };
}

function createAdapter(remote: Remote, turns: Turns): SqlDriverAdapter {
  return {
    ...NAME,
    queryRaw: (query) => turns.run(() => remote.query(query)),
    executeRaw: (query) => turns.run(() => remote.execute(query)),
    executeScript: (script) => turns.run(() => remote.script(script)),
    async startTransaction(isolationLevel) {
      const end = await turns.take();
      try {
        await remote.execute(plain(`BEGIN${isolationLevel ? ` ISOLATION LEVEL ${isolationLevel}` : ''}`));
        return createTransaction(remote, end);
      } catch (error) {
        end();
        throw error;
      }
    },
    getConnectionInfo: () => ({ supportsRelationJoins: true }),
    dispose: async () => {},
  };
}

/** Prisma sends COMMIT and ROLLBACK itself, as statements, before it calls these. */
function createTransaction(remote: Remote, end: () => void): Transaction {
  return {
    ...NAME,
    options: { usePhantomQuery: false },
    queryRaw: (query) => remote.query(query),
    executeRaw: (query) => remote.execute(query),
    commit: async () => end(),
    rollback: async () => end(),
  };
}

function plain(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] };
}

export interface Turns {
  /** Resolves when it is the caller's turn, to what ends it. */
  take(): Promise<() => void>;
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  const take = (): Promise<() => void> => {
    const before = last;
    let end = () => {};
    last = new Promise((resolve) => {
      end = resolve;
    });
    return before.then(() => end);
  };
  return {
    take,
    async run(work) {
      const end = await take();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
