/** The ensemble's answer for a face becomes a reading in terms of its picture. */
import type { Point, RawReading } from '../../domain/face.ts';
import { equivalentSide, invert, mapPoints, type Rect, rotationOf } from '../image/geometry.ts';
import type { GrayImage } from '../image/gray-image.ts';
import type { EnsembleCard } from '../models/model-manifest.ts';
import type { TrackCrop } from '../tracking/tracker.ts';
import type { Score } from './ensemble.ts';
import { issuesOf } from './quality.ts';

/** @param image the picture that the face was cut from, which box and landmarks are fractions of */
export function readingOf(
  card: EnsembleCard,
  image: GrayImage,
  { track, toCrop }: TrackCrop,
  score: Score,
): RawReading {
  const toPicture = invert(toCrop);
  const { yaw, pitch, roll } = score.pose;
  const measures = { ...score, size: equivalentSide(track.box), yaw, pitch };
  return {
    track: track.id,
    box: fractions(track.box, image),
    probabilities: score.probabilities,
    agreement: score.agreement,
    valence: clamp(score.valence, -1, 1),
    arousal: clamp(score.arousal, -1, 1),
    // The crop is turned so that the eyes lie level; the head in the picture is not.
    pose: { yaw, pitch, roll: wrapDegrees(roll + rotationOf(toPicture)) },
    actionUnits: score.actionUnits,
    landmarks: points(mapPoints(toPicture, score.landmarks, card.input.size), image),
    quality: { score: clamp(score.quality, 0, 1), issues: issuesOf(measures, card.thresholds.issues) },
  };
}

/** The part of a box that lies within the picture, as fractions of it. */
function fractions(box: Rect, { width, height }: GrayImage) {
  const [x1, x2] = [clamp(box.x1 / width, 0, 1), clamp(box.x2 / width, 0, 1)];
  const [y1, y2] = [clamp(box.y1 / height, 0, 1), clamp(box.y2 / height, 0, 1)];
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

function points(flat: Float64Array, { width, height }: GrayImage): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    x: flat[2 * i]! / width,
    y: flat[2 * i + 1]! / height,
  }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** An angle brought to -180 to 180 degrees. */
function wrapDegrees(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}
