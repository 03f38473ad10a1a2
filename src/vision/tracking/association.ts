/** Which detection is which track: two stages after ByteTrack (Zhang et al., 2022), each an optimal assignment. */

import type { Detection } from '../detection/detector.ts';
import { iou, meanDistance, shift, sizeOf } from '../image/geometry.ts';
import { assign } from './assignment.ts';
import type { Track } from './motion.ts';

/** Seconds of media time that a track is predicted on, and kept, without being seen. */
export const LOST = 1;
/** Cost of a pair from which a track rather stays alone: no overlap, and most of a face away. */
const ALONE = 1.7;

/**
 * Pairs of tracks and detections at `time` (seconds): sure detections (a score of at least `sure`) with
 * confirmed tracks, doubtful ones with those of them that were in sight until now, then the sure ones that
 * are left with tracks not yet confirmed.
 */
export function associate(
  tracks: readonly Track[],
  detections: readonly Detection[],
  sure: number,
  time: number,
): Map<Track, Detection> {
  const pairs = new Map<Track, Detection>();
  const taken = new Set<Detection>();
  const stage = (who: (track: Track) => boolean, what: (detection: Detection) => boolean) => {
    const rows = tracks.filter((track) => who(track) && !pairs.has(track));
    const columns = detections.filter((detection) => what(detection) && !taken.has(detection));
    const cost = rows.map((track) => columns.map((detection) => pairCost(track, detection, time)));
    assign(cost, columns.length, ALONE).forEach((column, row) => {
      if (column < 0) return;
      pairs.set(rows[row]!, columns[column]!);
      taken.add(columns[column]!);
    });
  };
  stage(
    (track) => track.id > 0,
    ({ score }) => score >= sure,
  );
  stage(
    (track) => track.id > 0 && track.missed === 0,
    ({ score }) => score < sure,
  );
  stage(
    (track) => track.id === 0,
    ({ score }) => score >= sure,
  );
  return pairs;
}

/** How far constant velocity takes a track by `time`, in pixels. */
function predicted(track: Track, time: number): { x: number; y: number } {
  const elapsed = Math.min(Math.max(time - track.seen, 0), LOST);
  return { x: track.velocity.x * elapsed, y: track.velocity.y * elapsed };
}

/** 0 for a perfect match, to 1 for no overlap, plus the landmarks' mean distance in face sizes. */
function pairCost(track: Track, detection: Detection, time: number): number {
  const { x, y } = predicted(track, time);
  const [size, other] = [sizeOf(track.box), sizeOf(detection.box)];
  if (Math.max(size, other) > 2 * Math.min(size, other)) return Number.POSITIVE_INFINITY;
  const five = track.five.map((v, i) => v + (i % 2 === 0 ? x : y));
  const distance = meanDistance(five, detection.five) / ((size + other) / 2);
  return 1 - iou(shift(track.box, x, y), detection.box) + distance;
}
