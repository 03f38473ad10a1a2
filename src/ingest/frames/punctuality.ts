/**
 * Says of each frame in real time when it is due, and whether it is too late to be given. Nothing is ever given that is
 * more than `MAX_LAG_MS` late: what is later is left out while the decoder catches up, and where it does not, the source
 * is behind, and has to be read from a later place.
 */

/** A number: it is due in so many milliseconds, 0 now. `late`: to be left out. */
export type Verdict = number | 'late';

/** How the decoder keeps up with the clock. `behind`: it is late, and will not catch up. */
export type Pace = 'kept' | 'late' | 'behind';

export interface Punctuality {
  /** @param mediaTime seconds */
  judge(mediaTime: number): Verdict;
  /** As the last frame shows. */
  readonly pace: Pace;
  /** Media time, in seconds, that is due now. */
  dueNow(): number;
  /** The source is read from a later place. @param why because it was late, or because a rate changed */
  skipped(why: 'late' | 'rate'): void;
}

export const MAX_LAG_MS = 2000;
/** A decoder of a recording is late from here on: in good time, so that little of what it decodes has to be left out. */
const LATE_MS = 1000;
/** Until it has caught up to here: one frame that is in time by a little is none that is in time. */
const CAUGHT_UP_MS = 500;
/** How long it may take to catch up: other programs take their part for seconds, and to be read from another place costs a start. */
const CATCH_UP_MS = 5000;
/** A frame that is given has to be scored, too, before it is `MAX_LAG_MS` old. */
export const GIVEN_UP_MS = MAX_LAG_MS - 200;

type Clock = () => number;

/**
 * A recording is given at the pace of the clock, and media time never falls behind it.
 * @param longestPause seconds; a longer pause in the recording is not waited for
 * @param now milliseconds of a clock that is never set
 * @param seeks whether it can be read from a later place; one that cannot, and is behind, goes on from there at the pace of the clock
 */
export function recordingPunctuality(
  longestPause: number,
  now: Clock,
  seeks: () => boolean = () => true,
): Punctuality {
  let origin: number | null = null;
  let lateSince: number | null = null;
  let pace: Pace = 'kept';
  return {
    judge(mediaTime) {
      const time = mediaTime * 1000;
      const at = now();
      origin ??= at - time;
      let early = origin + time - at;
      if (early > longestPause * 1000) {
        origin = at - time;
        early = 0;
      }
      if (early >= -CAUGHT_UP_MS) lateSince = null;
      else if (early < -LATE_MS) lateSince ??= at;
      pace = paceSince(lateSince, at);
      if (pace === 'behind' && !seeks()) {
        [origin, lateSince, pace] = [at - time, null, 'kept'];
        return 0;
      }
      return early >= -GIVEN_UP_MS ? Math.max(0, early) : 'late';
    },
    get pace() {
      return pace;
    },
    dueNow: () => (origin === null ? 0 : (now() - origin) / 1000),
    skipped() {
      lateSince = null;
      pace = 'kept';
    },
  };
}

function paceSince(lateSince: number | null, at: number): Pace {
  if (lateSince === null) return 'kept';
  return at - lateSince < CATCH_UP_MS ? 'late' : 'behind';
}

/** Live HLS comes in bursts of whole segments. Where it stays late, its server paused, and later is its new pace. */
const HLS_CATCH_UP_MS = 5000;

/** As `recordingPunctuality`; it cannot be read from a later place than what its server gives. */
export function hlsPunctuality(longestPause: number, now: Clock): Punctuality {
  let origin: number | null = null;
  let lateSince: number | null = null;
  return {
    judge(mediaTime) {
      const time = mediaTime * 1000;
      const at = now();
      origin ??= at - time;
      const early = origin + time - at;
      if (early < -MAX_LAG_MS) lateSince ??= at;
      else lateSince = null;
      const staysLate = lateSince !== null && at - lateSince >= HLS_CATCH_UP_MS;
      if (early > longestPause * 1000 || staysLate) {
        origin = at - time;
        lateSince = null;
        return 0;
      }
      return lateSince === null ? Math.max(0, early) : 'late';
    },
    get pace() {
      return lateSince === null ? 'kept' : 'late';
    },
    dueNow: () => (origin === null ? 0 : (now() - origin) / 1000),
    skipped() {},
  };
}

/** Cameras' clocks differ from ours, and some count frames at a rate that is not quite theirs. */
const CLOCK_TOLERANCE = 0.02;
/** A camera is connected to anew so seldom for being behind, twice as seldom each further time: its clock may be to blame. */
const BETWEEN_REOPENINGS_MS = 600_000;
const BEHIND_FOR_MS = 5000;

/**
 * All other live sources pace themselves. How late a frame is shows by the one that came soonest after its time.
 * @param reopens whether it can be connected to anew; one that cannot, and is behind, gives its frames late
 */
export function livePunctuality(now: Clock, reopens = true): Punctuality {
  /** When media time 0 came, for the frame that came soonest. */
  let origin: number | null = null;
  let last = { at: 0, mediaTime: 0 };
  let lateSince: number | null = null;
  let mayReopenAt = reopens ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  let patience = BETWEEN_REOPENINGS_MS;
  let pace: Pace = 'kept';
  return {
    judge(mediaTime) {
      const at = now();
      const came = at - mediaTime * 1000;
      const catchesUp = mediaTime - last.mediaTime > (at - last.at) / 1000;
      origin = origin === null ? came : Math.min(came, origin + CLOCK_TOLERANCE * (at - last.at));
      last = { at, mediaTime };
      pace = 'kept';
      if (came - origin <= MAX_LAG_MS) {
        lateSince = null;
        return 0;
      }
      lateSince ??= at;
      pace = !catchesUp && at - lateSince >= BEHIND_FOR_MS && at >= mayReopenAt ? 'behind' : 'late';
      return catchesUp || pace === 'behind' ? 'late' : 0;
    },
    get pace() {
      return pace;
    },
    dueNow: () => last.mediaTime + (now() - last.at) / 1000,
    skipped(why) {
      origin = null;
      lateSince = null;
      pace = 'kept';
      if (why === 'rate') return;
      mayReopenAt = now() + patience;
      patience *= 2;
    },
  };
}
