/**
 * Uploaded files, and when they go: with the last stream that uses one, or after a day in which no stream took it.
 * One that was taken is made read-only, so that a server that was pointed at another database, and knows none of
 * the streams, still sees that it is not for it to delete. It is made writable again before its stream is removed:
 * a server that dies between the removal and the deletion leaves what the next sweep may delete.
 */
import { rmSync, statSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isUploadToken } from '../../domain/id-format.ts';
import type { Log } from '../../domain/log.ts';
import { repeat } from '../../threads/repeat.ts';

const HOUR_MS = 3_600_000;
const UNCLAIMED_MS = 24 * HOUR_MS;
const READ_ONLY = 0o400;
const READ_WRITE = 0o600;
const WRITABLE = 0o200;

export interface UploadRetention {
  /** A stream uses it from now on. */
  take(token: string): Promise<void>;
  /** A stream that uses it is about to be removed: from now on the sweep asks whether one is left. */
  offer(token: string): Promise<void>;
  /** No stream uses it any more. */
  release(token: string): Promise<void>;
  /** Deletes what waited for a day and no stream took. @returns how many */
  sweep(now?: number): Promise<number>;
  close(): Promise<void>;
}

interface UploadRetentionOptions {
  directory: string;
  /** Whether a stream that is stored uses this upload. */
  isTaken: (token: string) => Promise<boolean>;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Sweeps at once, and every hour. */
export function createUploadRetention(options: UploadRetentionOptions): UploadRetention {
  const { directory, log } = options;
  const sweepAndReport = () =>
    deleteUnclaimed(options, Date.now()).then(
      () => {},
      (error: unknown) =>
        log.warn({ err: error }, 'could not look through the uploads; it will be tried again'),
    );
  return {
    take: (token) => chmod(join(directory, token), READ_ONLY),
    offer: (token) => chmod(join(directory, token), READ_WRITE),
    release: (token) => rm(join(directory, token), { force: true }),
    sweep: (now = Date.now()) => deleteUnclaimed(options, now),
    close: repeat(HOUR_MS, sweepAndReport),
  };
}

/** @returns how many were deleted */
async function deleteUnclaimed(
  { directory, isTaken, log }: UploadRetentionOptions,
  now: number,
): Promise<number> {
  let deleted = 0;
  for (const token of (await readdir(directory)).filter(isUploadToken)) {
    const path = join(directory, token);
    if (!isUnclaimed(path, now) || (await isTaken(token))) continue;
    // A stream may have taken it while the store was asked; nobody can between these two.
    if (!isUnclaimed(path, now)) continue;
    rmSync(path, { force: true });
    deleted += 1;
  }
  if (deleted > 0) log.info({ uploads: deleted }, 'deleted uploads that no stream took within a day');
  return deleted;
}

/** False for one that is gone too: its stream was removed meanwhile. */
function isUnclaimed(path: string, now: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & WRITABLE) !== 0 && now - found.mtimeMs >= UNCLAIMED_MS;
}
