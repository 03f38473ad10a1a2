/** One run of a session's source: its frames are scored, and handed to the store, until it ends. */
import type { Frame } from '../domain/frame.ts';
import { readAheadOf } from '../domain/read-ahead.ts';
import type { FrameScorer } from './frame-scorer.ts';
import { scoreInOrder } from './ordered-prefetch.ts';
import type { Outbox } from './outbox.ts';
import type { SessionClock } from './session-clock.ts';
import type { OpenedSource } from './session-source.ts';

export interface SourceRun {
  scorer: FrameScorer;
  clock: SessionClock;
  outbox: Outbox;
  stopping: AbortSignal;
  /** The source has given its first frame. */
  onFirstFrame(frame: Frame): void;
}

/** @throws what the source and the scorer throw, and why the store refuses for good */
export async function runSource(run: SourceRun, { frames, realtime }: OpenedSource): Promise<void> {
  const { scorer, clock, outbox, stopping } = run;
  const score = (frame: Frame) => {
    if (outbox.hasRoom) return scorer.score(frame, clock.at(frame.mediaTime, frame.wallTime));
    scorer.drop(frame, { store: 1 });
    return null;
  };
  const { scoring } = readAheadOf(realtime);
  for await (const { moment, events } of scoreInOrder(admit(run, frames, realtime), score, scoring)) {
    outbox.push(moment, events);
    if (stopping.aborted) return;
  }
}

/** Frames for which the outbox has room; in real time all of them, because those without are counted. */
async function* admit(
  { outbox, stopping, onFirstFrame }: SourceRun,
  frames: AsyncIterable<Frame>,
  realtime: boolean,
): AsyncGenerator<Frame, void, undefined> {
  let isFirst = true;
  for await (const frame of frames) {
    if (!realtime) await outbox.waitForRoom(stopping);
    if (stopping.aborted) return;
    if (outbox.failure !== null) throw outbox.failure;
    if (isFirst) onFirstFrame(frame);
    isFirst = false;
    yield frame;
  }
}
