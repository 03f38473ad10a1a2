/** Syncs files and directories (fsync): to the disk, not only to the operating system's memory. */
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** As many as Node has threads for files; most of a sync is waiting, which several do together. */
const SYNCS_AT_ONCE = 4;

/** Whether a directory could not be synced because the system knows no such thing, or not for us. PostgreSQL goes on then, too. */
export function cannotSync(error: unknown): boolean {
  return /^(EACCES|EPERM|EISDIR|EBADF|EINVAL)$/.test(String((error as NodeJS.ErrnoException).code));
}

/** Creates a directory and those above it, and syncs that they are there. */
export async function createSyncedDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let at = resolve(path); at !== top; ) {
    at = dirname(at);
    await syncDirectory(at);
  }
}

/** Syncs which names a directory holds, not what is in them. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    await syncPath(path, 'r');
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** Inode numbers, with when the file last changed before it was synced (ctime, in ns). */
export type SyncedInodes = Map<bigint, bigint>;

/** Syncs all that a directory holds, at any depth, and the directory itself. @returns the files, without directories */
export async function syncTree(directory: string): Promise<SyncedInodes> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const remaining = entries.values();
  const synced: SyncedInodes = new Map();
  const syncInTurn = async () => {
    for (const entry of remaining) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) await syncDirectory(path);
      else if (entry.isFile()) synced.set(...(await syncPath(path, 'r+')));
    }
  };
  await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, syncInTurn));
  await syncDirectory(directory);
  return synced;
}

/** @returns what tells whether the file has changed since */
async function syncPath(path: string, flags: 'r' | 'r+'): Promise<[ino: bigint, ctime: bigint]> {
  const file = await open(path, flags);
  try {
    const { ino, ctimeNs } = await file.stat({ bigint: true });
    await file.sync();
    return [ino, ctimeNs];
  } finally {
    await file.close();
  }
}
