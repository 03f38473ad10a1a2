/** Repeats what the database could not do for now, with growing pauses, until it can. */
import { MienError } from '../../errors.ts';
import { createBackoff } from '../../threads/backoff.ts';
import { sleep } from '../../threads/sleep.ts';
import { isTransient } from '../sql/database-errors.ts';

const PAUSES_MS = { shortest: 100, longest: 2_000 };

export interface RetryOptions {
  /** Ends the tries: the next failure is the last. */
  signal: AbortSignal;
  /** Whether the caller can do better than repeat. */
  giveBack(error: unknown): boolean;
  /** Called once, at the first failure. */
  onAway(error: unknown): void;
  /** Called once it worked, if it had failed before. */
  onBack(): void;
}

/** @throws MienError STORE_UNAVAILABLE after `signal`; what `attempt` throws when repeating is of no use, or is given back */
export async function retryTransient<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, giveBack, onAway, onBack } = options;
  const backoff = createBackoff(PAUSES_MS);
  for (let failures = 0; ; failures++) {
    try {
      const result = await attempt();
      if (failures > 0) onBack();
      return result;
    } catch (error) {
      if (!isTransient(error) || (!signal.aborted && giveBack(error))) throw error;
      if (failures === 0) onAway(error);
      if (signal.aborted) {
        throw new MienError('STORE_UNAVAILABLE', 'The database did not come back before the shutdown.', {
          cause: error,
        });
      }
      await sleep(backoff.next(), signal);
    }
  }
}
