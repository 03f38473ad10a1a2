/** One media time for a session whose source is opened several times: after a break it goes on by the wall clock. */
import { inMicroseconds } from '../domain/quantise.ts';
import { OWN_CLOCK, type RecordClock } from '../domain/record-clock.ts';

export interface SessionTime {
  /** Seconds since the session's start, rounded as the store keeps it. */
  mediaTime: number;
  /** Milliseconds since the epoch. */
  wallTime: number;
}

export interface ClockDeps {
  /** By which frames have their wall time; default: this machine's. */
  clock?: RecordClock | undefined;
}

export interface SessionClock {
  /** The source was opened anew: its own time starts again. */
  reopened(): void;
  /**
   * When a frame was, within the session: its media time is always more than that of the one before. By a clock that is shared its wall time is
   * never less; where that is found to be behind what was thought, it goes at half its pace until it has come there.
   * @param mediaTime seconds since the source was last opened
   * @param wallTime milliseconds since the epoch
   */
  at(mediaTime: number, wallTime: number): SessionTime;
  /**
   * Media time at which the session ended, where that is now and not with the last frame: while the source is away, time goes on by the
   * wall clock. Null without a frame.
   */
  end(): number | null;
}

/** The least step in seconds, for sources that stand still or go back. */
const LEAST_STEP = 0.001;

/** @param clock by which its frames have their wall time */
export function createSessionClock(clock: RecordClock = OWN_CLOCK): SessionClock {
  let last: { media: number; wall: number } | null = null;
  /** Seconds between the source's own time and the session's; null: the next frame tells. */
  let shift: number | null = 0;
  const forward = clock.isShared ? createForwardClock() : (wallTime: number) => wallTime;
  return {
    reopened() {
      shift = last === null ? 0 : null;
    },
    at(mediaTime, told) {
      const wallTime = forward(told);
      if (shift === null && last !== null) {
        shift = last.media + Math.max((wallTime - last.wall) / 1000, LEAST_STEP) - mediaTime;
      }
      const least = last === null ? Number.NEGATIVE_INFINITY : last.media + LEAST_STEP;
      const media = inMicroseconds(Math.max(mediaTime + (shift ?? 0), least));
      last = { media, wall: wallTime };
      return { mediaTime: media, wallTime };
    },
    end() {
      if (last === null) return null;
      const away = shift === null ? Math.max(0, forward(clock.now()) - last.wall) : 0;
      return inMicroseconds(last.media + away / 1000);
    },
  };
}

/** @returns what makes of times that may go back (the clock was set, or its offset was measured anew) such as do not */
function createForwardClock(): (time: number) => number {
  let last: { given: number; told: number } | null = null;
  return (given) => {
    const passed = last === null ? 0 : Math.max(0, given - last.given);
    const told = last === null ? given : Math.max(given, last.told + Math.floor(passed / 2));
    last = { given, told };
    return told;
  };
}
