/** One media time for a session whose source is opened several times: after a break it goes on by the wall clock. */
import { inMicroseconds } from '../domain/quantise.ts';

export interface SessionClock {
  /** The source was opened anew: its own time starts again. */
  reopened(): void;
  /**
   * Media time of a frame within the session, in seconds, rounded as the store keeps it; always more than the one before.
   * @param mediaTime seconds since the source was last opened
   * @param wallTime milliseconds since the epoch
   */
  at(mediaTime: number, wallTime: number): number;
  /**
   * Media time at which the session ended, where that is not with the last frame: while the source is away, time goes on by the
   * wall clock. Null without a frame.
   * @param wallTime milliseconds since the epoch
   */
  end(wallTime: number): number | null;
}

/** The least step in seconds, for sources that stand still or go back. */
const LEAST_STEP = 0.001;

export function createSessionClock(): SessionClock {
  let last: { media: number; wall: number } | null = null;
  /** Seconds between the source's own time and the session's; null: the next frame tells. */
  let shift: number | null = 0;
  return {
    reopened() {
      shift = last === null ? 0 : null;
    },
    at(mediaTime, wallTime) {
      if (shift === null && last !== null) {
        shift = last.media + Math.max((wallTime - last.wall) / 1000, LEAST_STEP) - mediaTime;
      }
      const least = last === null ? Number.NEGATIVE_INFINITY : last.media + LEAST_STEP;
      const media = inMicroseconds(Math.max(mediaTime + (shift ?? 0), least));
      last = { media, wall: wallTime };
      return media;
    },
    end(wallTime) {
      if (last === null) return null;
      return shift === null
        ? inMicroseconds(last.media + Math.max(0, wallTime - last.wall) / 1000)
        : last.media;
    },
  };
}
