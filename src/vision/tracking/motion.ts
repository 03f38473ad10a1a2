/** How a track moves: from detection to detection, and between them by what the ensemble sees in its crop. */
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
import type { Observation, Track } from './track.ts';

/**
 * Motion (see `motionOf`) from which a frame is given to the detector because so much is expected, and from which the
 * next frame is because so much was observed. On nine clips an eighth fewer crops were scored than with detection after
 * an observed motion of 0.5 alone, and the scores came closer to those of a detection in every frame.
 */
const MAX_EXPECTED_MOTION = 0.6;
const FAST_MOTION = 0.7;
/** Motion up to which the ensemble's landmarks are trusted to align a crop. */
const MAX_TRUSTED_MOTION = 2;

/** Whether a face that moves at this rate is, so many seconds later, too far from where its crop was cut. */
export function leavesCrop(motionRate: number, seconds: number): boolean {
  return motionRate * seconds > MAX_EXPECTED_MOTION;
}

/**
 * Motion per second of a track from its last detection to one at `time` with these landmarks (pixels of the frame).
 * A track that was detected once only keeps its rate.
 */
export function motionRateOf(
  { reference, lastDetection, motionRate }: Track,
  landmarks5: ArrayLike<number>,
  time: number,
  cropSize: number,
): number {
  if (!reference || time <= lastDetection.time) return motionRate;
  const moved = fitSimilarity(reference.landmarks5, mapPoints(reference.toCrop, landmarks5));
  return moved ? motionOf(moved, cropSize) / (time - lastDetection.time) : 0;
}

/** Averages the track's velocity with that from its last detection to `box`, which becomes the last one. */
export function updateVelocity(track: Track, box: Rect, time: number): void {
  const { box: from, time: since } = track.lastDetection;
  const elapsed = time - since;
  track.lastDetection = { box, time };
  if (elapsed <= 0) return;
  const x = (box.x1 + box.x2 - from.x1 - from.x2) / 2 / elapsed;
  const y = (box.y1 + box.y2 - from.y1 - from.y2) / 2 / elapsed;
  track.velocity = { x: (track.velocity.x + x) / 2, y: (track.velocity.y + y) / 2 };
}

/**
 * Moves a track by what the ensemble observed in its crop. The ensemble's landmarks and the detector's lie apart by an
 * offset that stays the same, so only how far they moved since the last detection is used. The crop stays too: every
 * frame is measured against the detection, and errors do not add up.
 */
export function propagateTrack(
  track: Track,
  toCrop: Similarity,
  observation: Observation,
  cropSize: number,
): void {
  const reference = track.reference!;
  const moved = fitSimilarity(reference.observation.landmarks5, observation.landmarks5)!;
  track.fastMoving = motionOf(moved, cropSize) > FAST_MOTION;
  const toPicture = invert(toCrop);
  track.box = mapRect(toPicture, mapRect(moved, reference.box));
  track.landmarks5 = mapPoints(toPicture, mapPoints(moved, reference.landmarks5));
}

/**
 * The similarity within the crop that brings the observed landmarks onto the card's template; they place a face better
 * than the detector's do. Null where they lie so far off that neither is trusted.
 */
export function alignmentWithTemplate(
  observation: Observation,
  template: ArrayLike<number>,
  cropSize: number,
): Similarity | null {
  const alignment = fitSimilarity(observation.landmarks5, template);
  return alignment && motionOf(alignment, cropSize) <= MAX_TRUSTED_MOTION ? alignment : null;
}

/**
 * How far a similarity within the crop is from the identity: 1 for a shift by a tenth of the crop's side, a turn by
 * 10 degrees or growth by a tenth. The networks were trained on aligned crops, and show only a part of larger moves.
 */
export function motionOf(m: Similarity, cropSize: number): number {
  const half = cropSize / 2;
  const x = m.a * half - m.b * half + m.tx - half;
  const y = m.b * half + m.a * half + m.ty - half;
  const growth = Math.abs(Math.log(scaleOf(m)));
  return Math.max(Math.hypot(x, y) / cropSize, Math.abs(rotationOf(m)) / 100, growth) * 10;
}
