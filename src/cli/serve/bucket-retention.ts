/**
 * Uploads in a bucket, and when they go: as in a directory (`upload-retention.ts`). That a stream uses one is told by a mark beside
 * it, which names the database: a server that was pointed at another one, and knows none of the streams, leaves it alone.
 * A deletion that fails is tried again each minute, and is done by the sweep at the latest.
 */
import type { UploadBucket } from '../../bucket/index.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { repeat } from '../../threads/repeat.ts';
import type { UploadRetention } from './upload-retention.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const UNCLAIMED_MS = 24 * HOUR_MS;
/** A mark is set when its stream is stored already: what has an older one, and no stream, was not removed to its end. */
const SETTLED_MS = HOUR_MS;

interface BucketRetentionOptions {
  bucket: Pick<UploadBucket, 'mark' | 'unmark' | 'isMarked' | 'remove' | 'list'>;
  /** The id of ours. */
  database: string;
  /** Whether a stream that is stored uses this upload. */
  isTaken: (token: string) => Promise<boolean>;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Sweeps at once, and every hour. */
export function createBucketRetention(options: BucketRetentionOptions): UploadRetention {
  const { bucket, database, log } = options;
  const failed = new Set<string>();
  const release = async (token: string) => {
    failed.add(token);
    await bucket.remove(token);
    failed.delete(token);
  };
  const stopSweeping = repeat(HOUR_MS, () =>
    deleteUnclaimed(options, Date.now()).then(
      () => {},
      (error: unknown) =>
        log.warn(reasonOf(error), 'could not look through the uploads; it will be tried again'),
    ),
  );
  const stopRetrying = repeat(MINUTE_MS, () => removeAgain(options, failed, release));
  return {
    take: (token) => bucket.mark(token, database),
    offer: (token) => bucket.unmark(token, database),
    release,
    sweep: (now = Date.now()) => deleteUnclaimed(options, now),
    async close() {
      await Promise.all([stopSweeping(), stopRetrying()]);
    },
  };
}

/** A sentence that says what to do needs no stack beside it. */
function reasonOf(error: unknown): object {
  return error instanceof MienError ? { reason: error.message } : { err: error };
}

/** Never rejects. */
async function removeAgain(
  { isTaken, log }: BucketRetentionOptions,
  failed: Set<string>,
  release: (token: string) => Promise<void>,
): Promise<void> {
  const waiting = failed.size;
  try {
    for (const token of [...failed]) {
      if (await isTaken(token)) failed.delete(token);
      else await release(token);
    }
    if (waiting > 0) log.info({ uploads: waiting }, 'deleted uploads that could not be deleted before');
  } catch (error) {
    log.warn(
      { ...reasonOf(error), uploads: failed.size },
      'uploads that nobody uses could not be deleted; it will be tried again',
    );
  }
}

/** @returns how many were deleted */
async function deleteUnclaimed(
  { bucket, database, isTaken, log }: BucketRetentionOptions,
  now: number,
): Promise<number> {
  let deleted = 0;
  for (const { token, modified, marks } of await bucket.list()) {
    if (now - modified.getTime() < UNCLAIMED_MS) continue;
    const isOthers = [...marks.keys()].some((marked) => marked !== database);
    const own = marks.get(database);
    if (isOthers || (own !== undefined && now - own.getTime() < SETTLED_MS)) continue;
    if (await isTaken(token)) continue;
    // A stream may have taken it while the store was asked; one that was removed half leaves its mark.
    if (own === undefined && (await bucket.isMarked(token))) continue;
    await bucket.remove(token);
    deleted += 1;
  }
  if (deleted > 0) log.info({ uploads: deleted }, 'deleted uploads that no stream took within a day');
  return deleted;
}
