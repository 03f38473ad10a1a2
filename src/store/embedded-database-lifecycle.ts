/** What is said and done around the embedded database: its creation, its end, its lock, and what goes wrong. */
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import type { LockWatcher } from './lock/directory-lock.ts';
import { createDatabaseDirectory } from './pglite/create-database-directory.ts';
import { noteFileSizes } from './pglite/file-sizes.ts';
import type { PgliteClient } from './pglite/pglite-client.ts';
import { createAdapterFactory } from './pglite/prisma-adapter.ts';
import { migratePGlite } from './upkeep/migrate.ts';

type StoreLog = Pick<Log, 'info' | 'warn' | 'error'> | undefined;

/** In a thread of its own: what creates a database keeps some 350 MB of memory. */
export function createIn(directory: string, log: StoreLog): Promise<void> {
  const fill = (draft: PgliteClient) => migratePGlite(createAdapterFactory(draft));
  return createDatabaseDirectory(directory, fill, (words) => log?.info({ directory }, words));
}

export async function noteClosed(directory: string, log: StoreLog): Promise<void> {
  try {
    await noteFileSizes(directory, async () => {});
  } catch (error) {
    log?.warn({ err: error }, 'could not note how the database was left');
  }
}

/** PGlite says of damaged files that it aborted, or failed to initialize. */
export function openingFailure(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof MienError || 'code' in error) return error;
  return new MienError(
    'CONFIG_INVALID',
    `The embedded database in ${directory} does not open (${error.message}). Its files may be damaged, or the disk be full: restore the directory from a backup, or move it away to begin with an empty database.`,
    { cause: error },
  );
}

/** A process that was halted while another took its place must not write over what that one wrote. */
export function watchLock(
  client: Pick<PgliteClient, 'shutOff'>,
  dataDir: string,
  log: StoreLog,
): LockWatcher {
  return {
    onLost() {
      const message = `Another mien has taken ${dataDir} over, because this one was halted for some seconds. This one stores no more; end it.`;
      log?.error({ dataDir }, message);
      void client.shutOff(new MienError('STORE_UNAVAILABLE', message));
    },
    onTrouble: (error) =>
      log?.warn({ err: error, dataDir }, 'the lock of the data directory cannot be touched'),
    onWait: () =>
      log?.info({ dataDir }, 'the data directory has a lock; looking for some seconds whether it is held'),
    inUse: (who) =>
      `Another mien (${who}) is using ${dataDir}. Stop it, give this one another data directory, or set DATABASE_URL so that both share a PostgreSQL server.`,
  };
}

export function tellCheckpointFailed(log: StoreLog): (error: unknown) => void {
  return (error) => log?.warn({ err: error }, 'a checkpoint of the database failed; it will be tried again');
}
