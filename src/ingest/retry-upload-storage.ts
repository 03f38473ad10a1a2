/** In the middle of a recording, storage of uploads that is away is waited for, as it is while bytes of it come. */
import { MienError } from '../errors.ts';
import { createBackoff } from '../threads/backoff.ts';
import { sleep } from '../threads/sleep.ts';

const STORAGE_PATIENCE_MS = 120_000;
const PAUSES = { shortest: 250, longest: 2_000 };

/** @param isOver asked before each further try: nobody waits any more */
export async function retryUploadStorage<T>(work: () => Promise<T>, isOver: () => boolean): Promise<T> {
  const until = performance.now() + STORAGE_PATIENCE_MS;
  const backoff = createBackoff(PAUSES);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof MienError && error.code === 'UPLOADS_UNAVAILABLE';
      if (!isAway || isOver() || performance.now() > until) throw error;
      await sleep(backoff.next());
      if (isOver()) throw error;
    }
  }
}
