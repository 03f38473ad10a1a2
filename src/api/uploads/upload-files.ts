/** Where uploads lie, and under which names: finished ones under their token, others under names that no token can have. */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { statIfThere } from '../../stat-if-there.ts';

/** Of one request, and lost with it. */
const PART = '.part-';
/** Of the tus protocol, and gone on with by later requests. */
const RESUMABLE = '.tus-';
/** A part grows, or its body is cut off as too slow. */
const WRITABLE = 0o200;
const PART_ABANDONED_MS = 10 * 60_000;
const RESUMABLE_ABANDONED_MS = 24 * 3_600_000;

export interface UploadFiles {
  directory: string;
  finished(token: string): string;
  part(token: string): string;
  /** The name, in the directory, of one that can be gone on with. */
  resumable(token: string): string;
  /** From now on a stream can be registered with it. */
  finish(path: string, token: string): Promise<void>;
  /** Deletes a finished one that no stream has taken; one that was taken is read-only. @returns whether it is gone */
  discard(token: string): Promise<boolean>;
  /** Deletes what nobody goes on with. @returns how many */
  sweep(now?: number): Promise<number>;
}

export function newToken(): string {
  return randomBytes(16).toString('hex');
}

export function openUploadFiles(directory: string): UploadFiles {
  const finished = (token: string) => join(directory, token);
  return {
    directory,
    finished,
    part: (token) => join(directory, PART + token),
    resumable: (token) => RESUMABLE + token,
    async finish(path, token) {
      try {
        await rename(path, finished(token));
      } catch (error) {
        // Whoever asked after it meanwhile may have finished it.
        if ((await statIfThere(finished(token))) === null) throw error;
      }
    },
    async discard(token) {
      const mode = (await statIfThere(finished(token)))?.mode ?? WRITABLE;
      if ((mode & WRITABLE) === 0) return false;
      await rm(finished(token), { force: true });
      return true;
    },
    sweep: (now = Date.now()) => sweep(directory, now),
  };
}

async function sweep(directory: string, now: number): Promise<number> {
  let deleted = 0;
  for (const name of await readdir(directory)) {
    const patience = patienceWith(name);
    if (patience === null) continue;
    const path = join(directory, name);
    const found = await statIfThere(path);
    // What an upload is about lies beside it, and is as old as its beginning.
    const data = name.endsWith('.json') ? await statIfThere(path.slice(0, -'.json'.length)) : null;
    if (found === null || now - Math.max(found.mtimeMs, data?.mtimeMs ?? 0) <= patience) continue;
    await rm(path, { force: true });
    deleted += 1;
  }
  return deleted;
}

/** Null for what is not for us to delete. */
function patienceWith(name: string): number | null {
  if (name.startsWith(PART)) return PART_ABANDONED_MS;
  return name.startsWith(RESUMABLE) ? RESUMABLE_ABANDONED_MS : null;
}
