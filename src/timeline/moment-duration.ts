/**
 * For how long a moment stands: to the next scored frame, but where the source paused, or was lost, no longer than it usually
 * takes. So the durations of a session add up to its media time without the holes.
 */
import { type DropCounts, totalDrops } from '../domain/frame.ts';
import { inMicroseconds } from '../domain/quantise.ts';

export interface Durations {
  /** @param mediaTime of the next moment, in seconds; not less than the one before */
  next(mediaTime: number, dropped: DropCounts): Step;
  /** Frames that the source did not give behind the newest moment; `dropped`: those that it gave. @param end seconds */
  missingUntil(end: number, dropped: DropCounts): number;
}

export interface Step {
  /** Seconds that the moment before stands for; see `Moment`. */
  previousDuration: number;
  /** Frames that the source did not give between the two, at its interval. */
  missing: number;
}

/** Before a hole a moment stands for so many intervals. */
const MOST_INTERVALS = 1.5;
/** Seconds. A frame may be so much late, or a quarter of the interval, because timestamps are rounded and cameras jitter. */
const JITTER = 0.008;
/** The source's own interval is the median of so many steps: a few pauses do not change it. */
const STEPS = 5;
/** Seconds. A first step that is longer tells nothing of the source's interval: it may as well be a pause. */
const LONGEST_FIRST_STEP = 10;
/** Seconds that a moment stands for at most, however slow the source is. */
const LONGEST = 600;

/**
 * Tells of each moment of one session, in order, how long the one before it stands: to it, unless there is a hole, or frames
 * were dropped on the way; then at most 1.5 times the larger of the stream's interval and the source's own. That is the median
 * (of an even number, the lower one) of the last five steps from moment to moment, the present one included (but not a first one
 * of more than ten seconds), each shared out among the frames that were dropped on the way; ten minutes at most.
 *
 * There is no hole where two moments lie up to two of the stream's intervals apart: each frame is the first in its interval, so
 * that of a source with 12 frames a second at a rate of 10 some lie 83 ms apart and others 167.
 * @param frameRate of the stream, in frames per second of media time
 */
export function createDurations(frameRate: number): Durations {
  const streamInterval = 1 / frameRate;
  const steps: number[] = [];
  let last: number | null = null;
  let isFirstStep = true;
  const interval = () => Math.min(Math.max(streamInterval, median(steps)), LONGEST);
  const longestWithout = (frames: number) =>
    (frames + 1) * streamInterval + Math.min(JITTER, streamInterval / 4);
  const measure = (step: number) => {
    if (!isFirstStep || step <= LONGEST_FIRST_STEP) steps.push(step);
    isFirstStep = false;
    if (steps.length > STEPS) steps.shift();
  };
  return {
    next(mediaTime, dropped) {
      const before = last;
      last = inMicroseconds(mediaTime);
      if (before === null) return { previousDuration: inMicroseconds(streamInterval), missing: 0 };
      const elapsed = inMicroseconds(last - before);
      const frames = 1 + totalDrops(dropped);
      measure(elapsed / frames);
      const isHole = elapsed > longestWithout(frames);
      const most = Math.min(MOST_INTERVALS * interval(), LONGEST);
      if (elapsed <= most || (!isHole && frames === 1)) return { previousDuration: elapsed, missing: 0 };
      const missing = isHole ? Math.max(0, Math.round(elapsed / interval()) - frames) : 0;
      return { previousDuration: inMicroseconds(most), missing };
    },
    missingUntil(end, dropped) {
      const elapsed = last === null ? 0 : inMicroseconds(end - last);
      const frames = totalDrops(dropped);
      if (elapsed <= longestWithout(frames)) return 0;
      return Math.max(0, Math.round(inMicroseconds(elapsed) / interval()) - frames);
    },
  };
}

/** Of an even number the lower of the two in the middle; 0 of none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}
