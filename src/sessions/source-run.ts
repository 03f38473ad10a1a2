/** One opening of a session's source: its frames scored, and handed to the store, until it ends. */
import type { Frame } from '../domain/frame.ts';
import type { Scorer } from './frame-scorer.ts';
import { AHEAD, scoreInOrder } from './ordered-prefetch.ts';
import type { Outbox } from './outbox.ts';
import type { MediaClock } from './session-clock.ts';
import type { Opened } from './session-source.ts';

export interface Attempt {
  scorer: Scorer;
  clock: MediaClock;
  outbox: Outbox;
  stopping: AbortSignal;
  /** The source has given its first frame. */
  onFirst(frame: Frame): void;
}

/** @throws what the source and the scorer throw, and why the store refuses for good */
export async function scoreFrames(attempt: Attempt, { frames, realtime }: Opened): Promise<void> {
  const { scorer, clock, outbox, stopping } = attempt;
  const score = (frame: Frame) => {
    if (outbox.open) return scorer.score(frame, clock.at(frame.mediaTime, frame.wallTime));
    scorer.drop(frame, { store: 1 });
    return null;
  };
  for await (const { moment, events } of scoreInOrder(
    admitted(attempt, frames, realtime),
    score,
    realtime ? 0 : AHEAD,
  )) {
    outbox.push(moment, events);
    if (stopping.aborted) return;
  }
}

/** Frames for which there is room; in real time all of them, because those without are counted. */
async function* admitted(
  { outbox, stopping, onFirst }: Attempt,
  frames: AsyncIterable<Frame>,
  realtime: boolean,
): AsyncGenerator<Frame, void, undefined> {
  let first = true;
  for await (const frame of frames) {
    if (!realtime) await outbox.room(stopping);
    if (stopping.aborted) return;
    if (outbox.failure !== null) throw outbox.failure;
    if (first) onFirst(frame);
    first = false;
    yield frame;
  }
}
