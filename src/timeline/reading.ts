/** What vision said of a face becomes what is published: smoothed, labelled or abstained from, and storable. */
import { EXPRESSIONS, type FaceReading, type RawReading } from '../domain/face.ts';
import type { Smoothed } from './smooth.ts';

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
  const probabilities = smoothed.probabilities.map(Math.fround);
  const { label, confidence } = greatest(probabilities);
  const score = Math.fround(raw.quality.score);
  const sure = confidence >= thresholds.confidence && score >= thresholds.quality;
  return {
    track: raw.track,
    box: rounded(raw.box),
    expression: sure ? (EXPRESSIONS[label] ?? null) : null,
    confidence,
    probabilities,
    rawProbabilities: normalised(raw.probabilities).map(Math.fround),
    agreement: Math.fround(raw.agreement),
    valence: Math.fround(smoothed.valence),
    arousal: Math.fround(smoothed.arousal),
    pose: rounded(raw.pose),
    actionUnits: raw.actionUnits.map(Math.fround),
    landmarks: raw.landmarks.map(rounded),
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

function rounded<T extends object>(numbers: T): T {
  const result: Record<string, number> = {};
  for (const [key, value] of Object.entries(numbers)) result[key] = Math.fround(value as number);
  return result as T;
}
