/** Turns what vision said of a face into what is published: smoothed, and labelled or abstained from. */
import { EXPRESSIONS, type FaceReading, type RawReading } from '../domain/face.ts';
import type { Smoothed } from './smoother.ts';

/** Below either of these mien abstains. From the ensemble's card; both 0 to 1. */
export interface Thresholds {
  /** Least probability of the label. */
  confidence: number;
  /** Least quality score of the face. */
  quality: number;
}

/** The label is the most probable expression after smoothing; null, an abstention, where label or face is too doubtful. */
export function toReading(raw: RawReading, smoothed: Smoothed, thresholds: Thresholds): FaceReading {
  const { label, confidence } = mostProbable(smoothed.probabilities);
  const certain = confidence >= thresholds.confidence && raw.quality.score >= thresholds.quality;
  return {
    ...raw,
    probabilities: [...smoothed.probabilities],
    valence: smoothed.valence,
    arousal: smoothed.arousal,
    expression: certain ? (EXPRESSIONS[label] ?? null) : null,
    confidence,
    rawProbabilities: normalised(raw.probabilities),
  };
}

/** Scales probabilities to sum to 1; what is no distribution (zeros, NaN) becomes the uniform one. */
export function normalised(probabilities: readonly number[]): number[] {
  const total = probabilities.reduce((sum, value) => sum + value, 0);
  if (!(total > 0) || !Number.isFinite(total)) return EXPRESSIONS.map(() => 1 / EXPRESSIONS.length);
  return probabilities.map((value) => value / total);
}

function mostProbable(probabilities: readonly number[]) {
  const confidence = Math.max(...probabilities);
  return { label: probabilities.indexOf(confidence), confidence };
}
