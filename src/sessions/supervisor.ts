/** The supervisor's loop: opens a source as often as it takes, and knows nothing of what is done with it. */
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';
import type { ReopenBackoff } from './reopen-backoff.ts';

export interface Supervised {
  /** Opens the source and works until it ends; rejects when it fails. */
  runSource(): Promise<void>;
  /** Whether a source that ended (null), or was lost by this error, can come back. */
  canReturn(error: unknown): boolean;
  /** It will be opened again after `wait` milliseconds. `error` is null when it simply ended. */
  onSourceLost(error: unknown, wait: number): void;
  backoff: ReopenBackoff;
  stopping: AbortSignal;
}

/** Why there is no more of the source. The error is why it failed. */
export type SourceEnd = { how: 'stopped' | 'ended' } | { how: 'failed'; error: unknown };

/** Failures that may be over in a while; all others stay. */
const TRANSIENT: readonly string[] = ['SOURCE_UNREACHABLE', 'SOURCE_FAILED', 'UPLOADS_UNAVAILABLE'];

/** Never rejects. */
export async function supervise(supervised: Supervised): Promise<SourceEnd> {
  const { runSource, canReturn, onSourceLost, backoff, stopping } = supervised;
  for (;;) {
    const end = await runSource().then(
      (): SourceEnd => ({ how: 'ended' }),
      (error: unknown): SourceEnd => ({ how: 'failed', error }),
    );
    if (stopping.aborted) return { how: 'stopped' };
    if (
      !canReturn(end.how === 'failed' ? end.error : null) ||
      (end.how === 'failed' && !isTransient(end.error))
    )
      return end;
    const wait = backoff.failed();
    onSourceLost(end.how === 'failed' ? end.error : null, wait);
    await sleep(wait, stopping);
    if (stopping.aborted) return { how: 'stopped' };
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof MienError && TRANSIENT.includes(error.code);
}
