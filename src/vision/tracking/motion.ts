/** A track, and how it moves: by detections, and between them by what the ensemble sees. */
import {
  fitSimilarity,
  invert,
  mapPoints,
  mapRect,
  type Rect,
  rotationOf,
  type Similarity,
  scaleOf,
} from '../image/geometry.ts';

/** What the ensemble saw in a crop. */
export interface Sight {
  /** The five points in crop pixels. */
  five: Float64Array;
  quality: number;
}

/** Numbers, box and landmarks of one face, in pixels of the frame. */
export interface Track {
  /** 0: not yet confirmed. */
  id: number;
  box: Rect;
  five: Float64Array;
  /** Pixels per second from detection to detection; it predicts where the next one will be. */
  velocity: { x: number; y: number };
  detected: { box: Rect; time: number };
  /** Media time of the last sight, and frames without one since. */
  seen: number;
  missed: number;
  /** The crop in which the last detection placed it, and which it keeps until the next; null: not yet placed. */
  toCrop: Similarity | null;
  /** Media time of that detection, and how fast the face had come there: its motion (see `motion`) per second. */
  placed: number;
  pace: number;
  /** What the last detection looked like from inside its crop, which is given too. */
  anchor: { sight: Sight; five: Float64Array; box: Rect; toCrop: Similarity } | null;
  /** Where the detector's five points lie in a crop that is cut by the ensemble's landmarks; null: not yet known. */
  habit: Float64Array | null;
  /** Whether the last frame showed it moving too fast to be carried far. */
  restless: boolean;
}

/**
 * Motion (see `motion`): from how much a frame is searched where that is expected of it, the next frame where it was seen,
 * and the same frame again; and up to which landmarks are believed to mend a crop. On nine clips an eighth fewer crops were
 * scored than when only what had been seen to move by 0.5 was searched, and the scores came closer to those of searches in
 * every frame.
 */
const EXPECTED = 0.6;
const RESTLESS = 0.7;
export const FOLLOWED = 1;
const BELIEVED = 2;

/** Whether a face at such a pace is after so many seconds too far from where its crop was cut. */
export function outruns(pace: number, seconds: number): boolean {
  return pace * seconds > EXPECTED;
}

/** How fast a track came from where it was detected before to where it is at `time`: its motion per second. */
export function paceOf(
  { anchor, detected, pace }: Track,
  five: ArrayLike<number>,
  time: number,
  size: number,
) {
  if (!anchor || time <= detected.time) return pace;
  const moved = fitSimilarity(anchor.five, mapPoints(anchor.toCrop, five));
  return moved ? motion(moved, size) / (time - detected.time) : 0;
}

/** Updates the velocity by a detection that follows an earlier one. */
export function advance(track: Track, box: Rect, time: number): void {
  const { box: from, time: since } = track.detected;
  const elapsed = time - since;
  track.detected = { box, time };
  if (elapsed <= 0) return;
  const x = (box.x1 + box.x2 - from.x1 - from.x2) / 2 / elapsed;
  const y = (box.y1 + box.y2 - from.y1 - from.y2) / 2 / elapsed;
  track.velocity = { x: (track.velocity.x + x) / 2, y: (track.velocity.y + y) / 2 };
}

/**
 * Moves a track by what the ensemble saw. Its landmarks and the detector's differ by habit; so the track
 * asks not where the points are, but how they moved since the detector last placed them in the crop. The crop
 * stays: every frame is measured against the detection, so errors do not add up.
 */
export function follow(track: Track, toCrop: Similarity, sight: Sight, size: number): void {
  const anchor = track.anchor!;
  const moved = fitSimilarity(anchor.sight.five, sight.five)!;
  track.restless = motion(moved, size) > RESTLESS;
  const toPicture = invert(toCrop);
  track.box = mapRect(toPicture, mapRect(moved, anchor.box));
  track.five = mapPoints(toPicture, mapPoints(moved, anchor.five));
}

/**
 * The move within the crop that brings what the ensemble saw onto the card's template: its landmarks place a face better
 * than the detector's five points do. Null where they lie so far off that neither is to be believed.
 */
export function alignment(sight: Sight, template: ArrayLike<number>, size: number): Similarity | null {
  const fix = fitSimilarity(sight.five, template);
  return fix && motion(fix, size) <= BELIEVED ? fix : null;
}

/**
 * How far a similarity within the crop is from none: 1 for a shift by a tenth of the crop's side, a turn by 10
 * degrees or a tenth of growth. Networks are taught on aligned crops, and tell only a part of larger moves.
 */
export function motion(m: Similarity, size: number): number {
  const half = size / 2;
  const x = m.a * half - m.b * half + m.tx - half;
  const y = m.b * half + m.a * half + m.ty - half;
  const growth = Math.abs(Math.log(scaleOf(m)));
  return Math.max(Math.hypot(x, y) / size, Math.abs(rotationOf(m)) / 100, growth) * 10;
}
