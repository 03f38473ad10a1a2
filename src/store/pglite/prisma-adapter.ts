/** Prisma's driver adapter over PGlite's thread. PGlite has one connection, so a transaction keeps others waiting. */
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
  Transaction,
} from '@prisma/driver-adapter-utils';
import type { StatementClient } from './checkpoints.ts';
import { createMutex, type Mutex } from './mutex.ts';

const NAME = { provider: 'postgres', adapterName: 'mien-pglite' } as const;

/** @param mutex shared with whoever else calls `client` */
export function createAdapterFactory(
  client: StatementClient,
  mutex: Mutex = createMutex(),
): SqlMigrationAwareDriverAdapterFactory {
  return {
    ...NAME,
    connect: async () => createAdapter(client, mutex),
    connectToShadowDb: () => Promise.reject(new Error('PGlite has no shadow database')),
  };
}

function createAdapter(client: StatementClient, mutex: Mutex): SqlDriverAdapter {
  return {
    ...NAME,
    queryRaw: (query) => mutex.runExclusive(() => client.query(query)),
    executeRaw: (query) => mutex.runExclusive(() => client.execute(query)),
    executeScript: (script) => mutex.runExclusive(() => client.runScript(script)),
    async startTransaction(isolationLevel) {
      const release = await mutex.acquire();
      try {
        await client.execute(
          withoutArguments(`BEGIN${isolationLevel ? ` ISOLATION LEVEL ${isolationLevel}` : ''}`),
        );
        return createTransaction(client, release);
      } catch (error) {
        release();
        throw error;
      }
    },
    getConnectionInfo: () => ({ supportsRelationJoins: true }),
    dispose: async () => {},
  };
}

/** Prisma sends COMMIT and ROLLBACK itself, as statements, before it calls these. */
function createTransaction(client: StatementClient, release: () => void): Transaction {
  return {
    ...NAME,
    options: { usePhantomQuery: false },
    queryRaw: (query) => client.query(query),
    executeRaw: (query) => client.execute(query),
    commit: async () => release(),
    rollback: async () => release(),
  };
}

function withoutArguments(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] };
}
