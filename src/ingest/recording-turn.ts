/** One recording in real time among others that are decoded in turns, and what is told of them. */
import { GIVEN_UP_MS, MAX_LAG_MS, type Pace } from './frames/punctuality.ts';

/** A start costs as much processor time as a second in which frames are decoded and scored. */
const SHORTEST_TURN_MS = 4500;
/** A turn lasts so many times as long as its start took, at least: where starts take long, more of the time would be spent on them. */
const STARTUPS = 2;
/** A second that is decoded in vain, from the key frame before, is worth this part of what one was decoded in the mean. */
const KEY_FRAME_WEIGHT = 0.06;
/** Seconds of that which count: where key frames are rare, each must have its turn all the same. */
const MOST_SINCE_KEY_FRAME = 10;
/** Seconds; what comes later than that says no more. */
export const MOST_LAG = MAX_LAG_MS / 1000;
/** A start may take so long on a busy machine. What takes longer than the other gives way. */
const USUAL_START_MS = 5000;
export const LONGEST_START_MS = 30_000;

export interface Recording {
  pace: Pace;
  /** Seconds that its last frame came late. */
  lag: number;
  /** `opens`: it never gave a frame. `starts`: its ffmpeg has given no frame yet in this turn. `ends`: it was asked to end. */
  state: 'opens' | 'waits' | 'starts' | 'runs' | 'ends';
  /** When its turn began, in milliseconds. */
  since: number;
  /** How long its last start took, in milliseconds; at most `LONGEST_START_MS`. */
  startup: number;
  /** For how many milliseconds it was decoded in time, those of long ago forgotten exponentially. */
  served: number;
  /** Others waited when it was opened. */
  isNewcomer: boolean;
  /** It stayed behind while the others were in time: that it is late says nothing of how many there is the time for. */
  isTooSlow: boolean;
  giveWay(): void;
  sinceKeyFrame(): number;
  goOn(): void;
}

/** Milliseconds that its turn lasts at least. */
export function shortestTurn({ startup }: Recording): number {
  return Math.max(SHORTEST_TURN_MS, STARTUPS * startup);
}

/** Whether it takes a place. One that opens takes none until its first frame, nor does one that is too slow: its source may take its time. */
export function isDecoded({ state, isTooSlow }: Recording): boolean {
  return state === 'runs' || (state === 'starts' && !isTooSlow);
}

/** Whether it has its turn now. One whose source stands still has, too: it would be the first each time. */
export function isServed({ state, lag, since }: Recording, now: number): boolean {
  return state === 'runs' ? lag < GIVEN_UP_MS / 1000 : state === 'starts' && now - since > USUAL_START_MS;
}

/** Those first that were decoded the least of late and have little to decode in vain. */
export function cheapest(waiting: readonly Recording[]): Recording[] {
  const part = mean(waiting.map(({ served }) => served)) || 1;
  const costs = new Map(
    waiting.map(
      (one) =>
        [
          one,
          one.served / part + KEY_FRAME_WEIGHT * Math.min(MOST_SINCE_KEY_FRAME, one.sinceKeyFrame()),
        ] as const,
    ),
  );
  return waiting.toSorted((one, other) => costs.get(one)! - costs.get(other)!);
}

/** Seconds that frames come late, over all that can be fast enough; a start that takes long is late, too. */
export function meanLag(running: readonly Recording[], now: number): number {
  const lagOf = ({ state, lag, since }: Recording) =>
    state === 'runs' ? lag : Math.min(MOST_LAG, Math.max(0, (now - since - USUAL_START_MS) / 1000));
  return mean(running.filter(({ isTooSlow }) => !isTooSlow).map(lagOf));
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
