/** The end of a session's timeline: the events that close its episodes, and the frames dropped since the last moment. */
import type { DropCounts } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { EpisodeEvent } from '../domain/moment.ts';
import { sleep } from '../threads/sleep.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import type { MomentSink, Publisher } from './ports.ts';
import { isStoreUnavailable, type StoreWaits } from './store-unavailable.ts';

export interface FinishDeps extends StoreWaits {
  sink: MomentSink;
  publisher: Publisher;
  log: Log;
}

export interface TimelineEnd {
  events: readonly EpisodeEvent[];
  dropped: DropCounts;
  /** Where the source ended, in seconds of media time; null: with the last moment. */
  end: number | null;
}

/** Publishes the events that close the timeline once they are stored, unless `giveUp` aborts before. Never rejects. */
export async function finishTimeline(
  deps: FinishDeps,
  { streamId, id }: { streamId: string; id: string },
  end: TimelineEnd,
): Promise<void> {
  if (end.events.length === 0 && Object.keys(end.dropped).length === 0 && end.end === null) return;
  try {
    const position = await storeEnd(deps, id, end);
    for (const event of end.events) deps.publisher.episode(streamId, event, position);
  } catch (error) {
    deps.log.error({ err: error, session: id }, 'could not store the end of a timeline');
  }
}

/** Offers it until the store takes it. @returns where it stands in the order of all commits @throws why it never will, or that there was no more time to wait */
async function storeEnd(
  { sink, retryMs, giveUp }: FinishDeps,
  id: string,
  { events, dropped, end }: TimelineEnd,
): Promise<number> {
  for (;;) {
    try {
      const stored = sink.finish(id, events, dropped, end);
      stored.catch(() => {}); // where nobody waits any more
      return await unlessAborted(giveUp, () => stored);
    } catch (error) {
      if (giveUp.aborted || !isStoreUnavailable(error)) throw error;
      await sleep(retryMs, giveUp);
    }
  }
}
