/** Where the frames of a source leave ingest: when they are due, at the rate that is asked for, whichever run of ffmpeg gives them. */
import type { Frame } from '../domain/frame.ts';
import type { RecordClock } from '../domain/record-clock.ts';
import { sleep } from '../threads/sleep.ts';
import type { FrameQueue } from './frames/frame-queue.ts';
import type { Pace, Punctuality } from './frames/punctuality.ts';
import { RateLimit } from './frames/rate-limit.ts';
import { SkippedCounts } from './frames/skipped-counts.ts';

export type OutgoingFrame = Omit<Frame, 'dropped' | 'leftOut' | 'late' | 'wallTime'>;

/** Where one run of ffmpeg gives its frames to. */
export interface FrameOutlet {
  /**
   * The next frame may be given at once (null), or when the promise resolves.
   * @param signal ends the waiting; the frame is given up then
   */
  give(frame: OutgoingFrame, signal: AbortSignal): Promise<void> | null;
  /** There are no more. @param at where the last one ends of a recording, in seconds since its start; null: not known */
  end(error?: Error, at?: number | null): void;
}

export interface OutletSettings {
  buffer: FrameQueue;
  /** Frames a second that the source was opened for. */
  frameRate: number;
  /** Null: frames are waited for, and none is left out. */
  punctuality: Punctuality | null;
  /** By which frames have their wall time. */
  clock: Pick<RecordClock, 'now'>;
  /**
   * A frame came.
   * @param pace as it shows how the source keeps up
   * @param lag seconds that it came late; less than 0: before it is due
   */
  onPace(pace: Pace, lag: number): void;
}

export interface SourceOutlet extends FrameOutlet {
  /** Frames a second from now on, of those that come. */
  setFrameRate(framesPerSecond: number): void;
  /** The next frame comes from another run: what lies between counts as dropped, because it was late or a lower rate was asked for. */
  skipped(why: 'rate' | 'late'): void;
}

export function createFrameOutlet(settings: OutletSettings): SourceOutlet {
  const { buffer, frameRate, punctuality, clock, onPace } = settings;
  const rateLimit = new RateLimit(frameRate);
  const leftOut = new SkippedCounts(frameRate);

  function put(frame: OutgoingFrame, signal?: AbortSignal): Promise<void> | null {
    if (signal?.aborted) return drop(frame, 'late');
    if (!rateLimit.admit(frame.mediaTime)) return drop(frame, 'rate');
    return buffer.put({ ...frame, wallTime: clock.now(), ...leftOut.take() });
  }

  function drop(frame: Pick<Frame, 'release'>, why: 'rate' | 'late'): null {
    leftOut.add(why);
    return giveUp(frame);
  }

  return {
    give(frame, signal) {
      leftOut.cameAt(frame.mediaTime);
      const verdict = punctuality?.judge(frame.mediaTime) ?? 0;
      if (punctuality) onPace(punctuality.pace, punctuality.dueNow() - frame.mediaTime);
      if (verdict === 'late') return drop(frame, 'late');
      return verdict > 1 ? sleep(verdict, signal).then(() => put(frame, signal) ?? undefined) : put(frame);
    },
    end: (error) => buffer.end(error),
    setFrameRate: (framesPerSecond) => rateLimit.setRate(framesPerSecond),
    skipped(why) {
      leftOut.skipped(why);
      punctuality?.skipped(why);
    },
  };
}

/** Nobody needs its pixels any more. */
export function giveUp(frame: Pick<Frame, 'release'>): null {
  frame.release?.();
  return null;
}
