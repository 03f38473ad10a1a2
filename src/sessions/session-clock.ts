/** One media time for a session whose source is opened several times: after a break it goes on by the wall clock. */

export interface MediaClock {
  /** The source was opened anew: its own time starts again. */
  reopened(): void;
  /**
   * Media time of a frame within the session, in seconds; always more than the one before.
   * @param mediaTime seconds since the source was last opened
   * @param wallTime milliseconds since the epoch
   */
  at(mediaTime: number, wallTime: number): number;
}

/** The least step in seconds, for sources that stand still or go back. */
const LEAST_STEP = 0.001;

export function createMediaClock(): MediaClock {
  let last: { media: number; wall: number } | null = null;
  let offset: number | null = 0;
  return {
    reopened() {
      offset = last === null ? 0 : null;
    },
    at(mediaTime, wallTime) {
      if (offset === null && last !== null) {
        offset = last.media + Math.max((wallTime - last.wall) / 1000, LEAST_STEP) - mediaTime;
      }
      const least = last === null ? Number.NEGATIVE_INFINITY : last.media + LEAST_STEP;
      const media = Math.max(mediaTime + (offset ?? 0), least);
      last = { media, wall: wallTime };
      return media;
    },
  };
}
