/** One run of a session's source: its frames are scored, and handed to the store, until it ends. */
import type { Frame } from '../domain/frame.ts';
import { readAheadOf } from '../domain/read-ahead.ts';
import type { FrameScorer } from './frame-scorer.ts';
import { scoreInOrder } from './ordered-prefetch.ts';
import type { Outbox } from './outbox.ts';
import type { SessionClock } from './session-clock.ts';
import type { LoadReporter } from './session-load-reporter.ts';
import type { OpenedSource } from './session-source.ts';

export interface SourceRun {
  scorer: FrameScorer;
  clock: SessionClock;
  outbox: Outbox;
  load: Pick<LoadReporter, 'turn'>;
  stopping: AbortSignal;
  /** The source has given its first frame. */
  onFirstFrame(frame: Frame): void;
  /** It has given a frame of another size than the one before, or of a picture of another size. */
  onOtherSize(frame: Frame): void;
}

/** @throws what the source and the scorer throw, and why the store refuses for good */
export async function runSource(run: SourceRun, { frames, realtime }: OpenedSource): Promise<void> {
  const { scorer, clock, outbox } = run;
  const analyse = (frame: Frame) => {
    const at = clock.at(frame.mediaTime, frame.wallTime);
    // That of a recording has its place since it was admitted.
    const hasPlace = !realtime || outbox.reserve();
    if (hasPlace) return scorer.analyse(frame, at);
    scorer.drop(frame, { store: 1 });
    return null;
  };
  const { scoring } = readAheadOf(realtime);
  // What was handed over when the session is stopped is still told: it is scored all the same.
  for await (const analysed of scoreInOrder(admit(run, frames, realtime), analyse, scoring)) {
    const scored = scorer.tell(analysed);
    if (scored === null) outbox.cancel();
    else outbox.push(scored.moment, scored.events);
  }
}

/** Frames for which a place in the outbox is reserved; in real time all of them, because those without are counted. */
async function* admit(
  { outbox, load, stopping, onFirstFrame, onOtherSize }: SourceRun,
  frames: AsyncIterable<Frame>,
  realtime: boolean,
): AsyncGenerator<Frame, void, undefined> {
  let before: string | null = null;
  for await (const frame of frames) {
    if (!realtime) await load.turn(stopping);
    if (!realtime) await outbox.waitForPlace(stopping);
    if (stopping.aborted) return;
    if (outbox.failure !== null) throw outbox.failure;
    const sizes = [frame.width, frame.height, frame.source?.width, frame.source?.height].join();
    if (before === null) onFirstFrame(frame);
    else if (sizes !== before) onOtherSize(frame);
    before = sizes;
    yield frame;
  }
}
