/** The end of a session's timeline: the events that close its episodes, and the frames dropped since the last moment. */
import type { Log } from '../domain/log.ts';
import { whenAborted } from '../threads/when-aborted.ts';
import type { FrameScorer } from './frame-scorer.ts';
import type { MomentSink, Publisher } from './ports.ts';

export interface FinishDeps {
  sink: MomentSink;
  publisher: Publisher;
  log: Log;
}

/** Publishes the events that close the timeline once they are stored, unless `giveUp` aborts before. Never rejects. */
export async function finishTimeline(
  { sink, publisher, log }: FinishDeps,
  { streamId, id }: { streamId: string; id: string },
  scorer: FrameScorer,
  giveUp: AbortSignal,
): Promise<void> {
  const { events, dropped } = scorer.finish();
  if (events.length === 0 && Object.keys(dropped).length === 0) return;
  try {
    await Promise.race([sink.finish?.(id, events, dropped), whenAborted(giveUp).then(outOfTime)]);
    for (const event of events) publisher.episode(streamId, event);
  } catch (error) {
    log.error({ err: error, session: id }, 'could not store the end of a timeline');
  }
}

function outOfTime(): never {
  throw new Error('There was no more time to wait.');
}
