/** The supervisor's loop: opens a source as often as it takes, and knows nothing of what is done with it. */
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';
import type { Backoff } from './reopen-backoff.ts';

export interface Supervised {
  /** Opens the source and works until it ends; rejects when it fails. */
  attempt(): Promise<void>;
  /** Whether a source that ended or was lost can come back. */
  isLive(): boolean;
  /** It will be opened again after `wait` milliseconds. `error` is null when it simply ended. */
  onLost(error: unknown, wait: number): void;
  backoff: Backoff;
  stopping: AbortSignal;
}

/** The error is why it failed. */
export type End = { how: 'stopped' | 'ended' } | { how: 'failed'; error: unknown };

/** What may be over in a while; all else stays as it is. */
const PASSING: readonly string[] = ['SOURCE_UNREACHABLE', 'SOURCE_FAILED'];

/** Never rejects. */
export async function supervise({ attempt, isLive, onLost, backoff, stopping }: Supervised): Promise<End> {
  for (;;) {
    const end = await attempt().then(
      (): End => ({ how: 'ended' }),
      (error: unknown): End => ({ how: 'failed', error }),
    );
    if (stopping.aborted) return { how: 'stopped' };
    if (!isLive() || (end.how === 'failed' && !isPassing(end.error))) return end;
    const wait = backoff.crashed();
    onLost(end.how === 'failed' ? end.error : null, wait);
    await sleep(wait, stopping);
    if (stopping.aborted) return { how: 'stopped' };
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof MienError && PASSING.includes(error.code);
}
