/** Subscriptions to moments, from a cursor or from now on. */
import type { SentMoment } from '../domain/live-event.ts';
import { MienError } from '../errors.ts';
import { AllMoments } from './all-moments.ts';
import { type ClosableEvents, closable } from './closable.ts';
import { MomentSubscription } from './moment-subscription.ts';
import type { SubscriptionDeps } from './ports.ts';
import type { MomentsRequest } from './resume-plan.ts';

/**
 * Finishes when the session asked for has ended, or the stream asked for was removed; otherwise goes on with the
 * next session. Ends at once, also while waiting, when it is returned or `signal` aborts.
 * @throws MienError NOT_FOUND, BAD_INPUT, CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function openMoments(
  deps: SubscriptionDeps,
  request: MomentsRequest,
  signal?: AbortSignal,
): Promise<ClosableEvents<SentMoment>> {
  if (request.every !== undefined && !(request.every >= 1)) {
    throw new MienError('BAD_INPUT', '`every` must be at least 1 millisecond.');
  }
  const isOfAll = request.streamId === undefined && request.sessionId === undefined;
  const Kind = isOfAll ? AllMoments : MomentSubscription;
  const subscription = new Kind(deps, request, signal);
  try {
    await subscription.open();
  } catch (error) {
    subscription.close();
    throw error;
  }
  return closable(subscription.moments(), subscription.lost, subscription.close);
}
