/** What closes a session's timeline. */

import type { Log } from '../domain/log.ts';
import type { Scorer } from './frame-scorer.ts';
import type { MomentSink, Publisher } from './ports.ts';

export interface FinishDeps {
  sink: MomentSink;
  publisher: Publisher;
  log: Log;
}

/** Tells the events that close it once they are stored, unless `giveUp` aborts before. Never rejects. */
export async function finishTimeline(
  { sink, publisher, log }: FinishDeps,
  { streamId, id }: { streamId: string; id: string },
  scorer: Scorer,
  giveUp: AbortSignal,
): Promise<void> {
  const { events, dropped } = scorer.finish();
  if (events.length === 0 && Object.keys(dropped).length === 0) return;
  try {
    await Promise.race([sink.finish?.(id, events, dropped), aborted(giveUp)]);
    for (const event of events) publisher.episode(streamId, event);
  } catch (error) {
    log.error({ err: error, session: id }, 'could not store the end of a timeline');
  }
}

/** Rejects when `signal` aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new Error('There was no more time to wait.'));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
}
