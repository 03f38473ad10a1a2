/** What vision said of a face becomes what is published: smoothed, labelled or abstained from, and storable. */
import { EXPRESSIONS, type FaceReading, type RawReading } from '../domain/face.ts';
import type { Smoothed } from './smoother.ts';

const { fround } = Math;

/** Below either of these mien abstains. From the ensemble's card; both 0 to 1. */
export interface Thresholds {
  /** Least probability of the label. */
  confidence: number;
  /** Least quality score of the face. */
  quality: number;
}

/**
 * Every number is rounded to float32 here, so that what is published is what a `float4` column gives back.
 * Rounding eight probabilities moves their sum by less than 1e-6.
 */
export function toReading(raw: RawReading, smoothed: Smoothed, thresholds: Thresholds): FaceReading {
  const probabilities = smoothed.probabilities.map(fround);
  const { label, confidence } = greatest(probabilities);
  const score = fround(raw.quality.score);
  const { x, y, width, height } = raw.box;
  const { yaw, pitch, roll } = raw.pose;
  const sure = confidence >= thresholds.confidence && score >= thresholds.quality;
  return {
    track: raw.track,
    box: { x: fround(x), y: fround(y), width: fround(width), height: fround(height) },
    expression: sure ? (EXPRESSIONS[label] ?? null) : null,
    confidence,
    probabilities,
    rawProbabilities: normalised(raw.probabilities).map(fround),
    agreement: fround(raw.agreement),
    valence: fround(smoothed.valence),
    arousal: fround(smoothed.arousal),
    pose: { yaw: fround(yaw), pitch: fround(pitch), roll: fround(roll) },
    actionUnits: raw.actionUnits.map(fround),
    landmarks: raw.landmarks.map((point) => ({ x: fround(point.x), y: fround(point.y) })),
    quality: { score, issues: raw.quality.issues },
  };
}

/** Sums to 1. What is no distribution at all (nothing, or not a number) says nothing: all alike. */
export function normalised(probabilities: readonly number[]): number[] {
  const total = probabilities.reduce((sum, value) => sum + value, 0);
  if (!(total > 0) || !Number.isFinite(total)) return EXPRESSIONS.map(() => 1 / EXPRESSIONS.length);
  return probabilities.map((value) => value / total);
}

function greatest(probabilities: readonly number[]) {
  let label = 0;
  for (let at = 1; at < probabilities.length; at++) {
    if ((probabilities[at] ?? 0) > (probabilities[label] ?? 0)) label = at;
  }
  return { label, confidence: probabilities[label] ?? 0 };
}
