/**
 * Uploaded files, and when they go: with the last stream that uses one, or after a day in which no stream took it.
 * One that was taken is made read-only, so that a server that was pointed at another database, and knows none of
 * the streams, still sees that it is not for it to delete.
 */
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../domain/log.ts';

const HOUR_MS = 3_600_000;
const UNCLAIMED_MS = 24 * HOUR_MS;
const TOKEN = /^[0-9a-f]{32}$/;
const READ_ONLY = 0o400;
const WRITABLE = 0o200;

export interface UploadStore {
  /** A stream uses it from now on. */
  take(token: string): Promise<void>;
  /** No stream uses it any more. */
  release(token: string): Promise<void>;
  /** Deletes what waited for a day and no stream took. @returns how many */
  sweep(now?: number): Promise<number>;
  close(): Promise<void>;
}

interface UploadStoreOptions {
  directory: string;
  /** Whether a stream that is stored uses this upload. */
  isTaken: (token: string) => Promise<boolean>;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Sweeps at once, and every hour. */
export function createUploadStore(options: UploadStoreOptions): UploadStore {
  const { directory, log } = options;
  const sweepAndReport = () =>
    deleteUnclaimed(options, Date.now()).then(
      () => {},
      (error: unknown) =>
        log.warn({ err: error }, 'could not look through the uploads; it will be tried again'),
    );
  let running = sweepAndReport();
  const timer = setInterval(() => {
    running = running.then(sweepAndReport);
  }, HOUR_MS);
  timer.unref();

  return {
    take: (token) => chmod(join(directory, token), READ_ONLY),
    release: (token) => rm(join(directory, token), { force: true }),
    sweep: (now = Date.now()) => deleteUnclaimed(options, now),
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** @returns how many were deleted */
async function deleteUnclaimed(
  { directory, isTaken, log }: UploadStoreOptions,
  now: number,
): Promise<number> {
  let deleted = 0;
  for (const token of (await readdir(directory)).filter((name) => TOKEN.test(name))) {
    const { mtimeMs, mode } = await stat(join(directory, token));
    if ((mode & WRITABLE) === 0 || now - mtimeMs < UNCLAIMED_MS || (await isTaken(token))) continue;
    await rm(join(directory, token), { force: true });
    deleted += 1;
  }
  if (deleted > 0) log.info({ uploads: deleted }, 'deleted uploads that no stream took within a day');
  return deleted;
}
