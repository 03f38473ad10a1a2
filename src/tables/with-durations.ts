/** Moments with the time that they stand for, which is known when the next one comes: each is told one later. */
import { newestDuration } from '../domain/coverage.ts';
import type { Moment } from '../domain/moment.ts';

export interface WithDurations<Frame> {
  /** Tells of the moment before, if there is one. */
  add(moment: Moment, frame: Frame): Promise<void>;
  /** There are no more: tells of the last one. */
  end(): Promise<void>;
}

/** @param tell is waited for */
export function withDurations<Frame>(
  tell: (moment: Moment, duration: number, frame: Frame) => Promise<void>,
): WithDurations<Frame> {
  let newest: { moment: Moment; frame: Frame } | null = null;
  const tellNewest = async (duration: number) => {
    if (newest !== null) await tell(newest.moment, duration, newest.frame);
  };
  return {
    async add(moment, frame) {
      await tellNewest(moment.previousDuration);
      newest = { moment, frame };
    },
    async end() {
      const last = newest;
      if (last !== null) await tellNewest(newestDuration(last.moment));
      newest = null;
    },
  };
}
