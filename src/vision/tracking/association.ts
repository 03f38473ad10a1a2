/** Which detection is which track: stages after ByteTrack (Zhang et al., 2022), each an optimal assignment. */

import type { Detection } from '../detection/detected-face.ts';
import { equivalentSide, iou, meanDistance, translate } from '../image/geometry.ts';
import { solveAssignment } from './assignment.ts';
import type { Track } from './track.ts';

/** Seconds of media time for which a track is kept, and its motion predicted, while it is not detected. */
export const MAX_LOST_SECONDS = 1;
/** Cost of a pair above which a track rather stays unassigned: no overlap, and most of a face away. */
const UNASSIGNED_COST = 1.7;

/**
 * Pairs of tracks and detections at `time` (seconds of media time): detections of high confidence with confirmed tracks;
 * the others with those confirmed tracks that are left and were not missed; then detections of high confidence that are
 * left with tentative tracks.
 * @param highConfidence least score of a detection of high confidence
 */
export function associate(
  tracks: readonly Track[],
  detections: readonly Detection[],
  highConfidence: number,
  time: number,
): Map<Track, Detection> {
  const confirmed = tracks.filter(({ id }) => id > 0);
  const tentative = tracks.filter(({ id }) => id === 0);
  const confident = detections.filter(({ score }) => score >= highConfidence);
  const others = detections.filter(({ score }) => score < highConfidence);
  const pairs = new Map<Track, Detection>();
  addPairs(pairs, confirmed, confident, time);
  addPairs(
    pairs,
    confirmed.filter(({ missedFrames }) => missedFrames === 0),
    others,
    time,
  );
  addPairs(pairs, tentative, confident, time);
  return pairs;
}

/** Assigns the detections that are left to the tracks that are left. */
function addPairs(
  pairs: Map<Track, Detection>,
  tracks: readonly Track[],
  detections: readonly Detection[],
  time: number,
): void {
  const assigned = new Set(pairs.values());
  const rows = tracks.filter((track) => !pairs.has(track));
  const columns = detections.filter((detection) => !assigned.has(detection));
  const cost = rows.map((track) => columns.map((detection) => pairCost(track, detection, time)));
  for (const [row, column] of solveAssignment(cost, columns.length, UNASSIGNED_COST).entries())
    if (column >= 0) pairs.set(rows[row]!, columns[column]!);
}

/** How far constant velocity takes a track by `time`, in pixels. */
function predictedShift(track: Track, time: number): { x: number; y: number } {
  const elapsed = Math.min(Math.max(time - track.lastSeen, 0), MAX_LOST_SECONDS);
  return { x: track.velocity.x * elapsed, y: track.velocity.y * elapsed };
}

/** 0 for a perfect match, to 1 for no overlap, plus the landmarks' mean distance in face sizes. */
function pairCost(track: Track, detection: Detection, time: number): number {
  const { x, y } = predictedShift(track, time);
  const [size, other] = [equivalentSide(track.box), equivalentSide(detection.box)];
  if (Math.max(size, other) > 2 * Math.min(size, other)) return Number.POSITIVE_INFINITY;
  const predicted = track.landmarks5.map((v, i) => v + (i % 2 === 0 ? x : y));
  const distance = meanDistance(predicted, detection.landmarks5) / ((size + other) / 2);
  return 1 - iou(translate(track.box, x, y), detection.box) + distance;
}
