/** One recording in real time among others that are decoded in turns, and what is told of them. */
import type { Pace } from './frames/punctuality.ts';

/** A start costs as much processor time as a second in which frames are decoded and scored. */
const SHORTEST_TURN_MS = 4500;
/** A turn lasts so many times as long as its start took, at least: where starts take long, more of the time would be spent on them. */
const STARTUPS = 1.5;
/** A second that is decoded in vain, from the key frame before, is worth this part of what one was decoded in the mean. */
const KEY_FRAME_WEIGHT = 0.06;
/** Seconds: frames that come later are not scored, and say no more than those that come as late as the other. */
const IN_TIME = 1.8;
export const MOST_LAG = 2;

export interface Recording {
  pace: Pace;
  /** Seconds that its last frame came late. */
  lag: number;
  /** `starts`: its ffmpeg has given no frame yet. `ends`: it was asked to end. */
  state: 'waits' | 'starts' | 'runs' | 'ends';
  /** When its turn began, in milliseconds. */
  since: number;
  /** How long its last start took, in milliseconds. */
  startup: number;
  /** For how many of the last milliseconds it was decoded in time. */
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

export function isDecoded({ state }: Recording): boolean {
  return state === 'starts' || state === 'runs';
}

export function isServed({ state, lag }: Recording): boolean {
  return state === 'runs' && lag < IN_TIME;
}

/** Of those first that were decoded the least of late, with little to decode in vain. Each is the first at some time, since that is seldom more than ten seconds. */
export function cheapest(waiting: readonly Recording[]): Recording[] {
  const part = mean(waiting.map(({ served }) => served)) || 1;
  const costs = new Map(
    waiting.map((one) => [one, one.served / part + KEY_FRAME_WEIGHT * one.sinceKeyFrame()] as const),
  );
  return waiting.toSorted((one, other) => costs.get(one)! - costs.get(other)!);
}

/** Seconds that frames come late, over all that give any and can be fast enough. */
export function meanLag(running: readonly Recording[]): number {
  return mean(running.filter(({ state, isTooSlow }) => state === 'runs' && !isTooSlow).map(({ lag }) => lag));
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
