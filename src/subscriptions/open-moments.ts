/** Subscriptions to moments, from a cursor or from now on. */

import type { Scope, SentMoment } from '../domain/live-event.ts';
import { MienError } from '../errors.ts';
import type { LiveFeed } from '../sessions/ports.ts';
import { Follower } from './moment-subscription.ts';
import type { PlanDeps } from './resume-plan.ts';

export interface MomentsRequest extends Scope {
  /** Cursor to resume from; without it, begin with the next moment. */
  after?: string | undefined;
  /** At most one moment per so many milliseconds of media time and session. */
  every?: number | undefined;
}

export interface ResumeDeps extends PlanDeps {
  feed: LiveFeed;
  /** Events that may wait for a slow subscriber. */
  capacity?: number;
}

/**
 * Finishes when the session asked for has ended, or the stream asked for was removed; otherwise goes on with the
 * next session. Ends at once, also while waiting, when it is returned or `signal` aborts.
 * @throws MienError NOT_FOUND, BAD_INPUT, CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function openMoments(
  deps: ResumeDeps,
  request: MomentsRequest,
  signal?: AbortSignal,
): Promise<AsyncIterableIterator<SentMoment, undefined>> {
  if (request.every !== undefined && !(request.every >= 1)) {
    throw new MienError('BAD_INPUT', '`every` must be at least 1 millisecond.');
  }
  const follower = new Follower(deps, request, signal);
  try {
    await follower.open();
  } catch (error) {
    follower.close();
    throw error;
  }
  const moments = follower.follow();
  const iterator: AsyncIterableIterator<SentMoment, undefined> = {
    next: () => moments.next(),
    async return() {
      follower.close();
      await moments.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
