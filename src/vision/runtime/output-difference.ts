/** Whether two files of a model say the same of one input, near enough. */
import type { Models } from '../models/model-manifest.ts';
import type { ModelOutput } from '../models/model-session.ts';
import type { ModelKind } from '../models/precision.ts';

type Outputs = Record<string, ModelOutput>;

/**
 * By how much the largest difference of an output may be, in its own unit: several times what rounding to eight bits makes
 * on the known faces, and less than what a processor makes that cuts off sums (see decision 0092).
 */
const FURTHEST = {
  ensemble: {
    expression: 0.2,
    /** Each by itself is further off than their mean: by 0.18 on the known faces. */
    members: 0.6,
    valence_arousal: 0.2,
    action_units: 0.2,
    landmarks: 0.02,
    pose: 5,
    quality: 0.2,
  },
  /** Of boxes and landmarks, in shares of the box's side, where there is a face. */
  detector: { scores: 0.4, boxes: 0.2, landmarks: 0.2 },
} as const;

/** In what they differ too much, as a sentence goes on; null: they say the same. */
export function differenceOf(
  kind: ModelKind,
  expected: Outputs,
  answered: Outputs,
  models: Models,
): string | null {
  const found = kind === 'ensemble' ? differences(expected, answered) : ofFaces(expected, answered, models);
  for (const [name, bound] of Object.entries(FURTHEST[kind])) {
    const difference = found[name]!;
    // Not a number is no agreement, either.
    if (!(difference <= bound))
      return `its ${name.replace('_', ' ')} of known faces differ by ${difference.toPrecision(2)} on this processor`;
  }
  return null;
}

function differences(expected: Outputs, answered: Outputs): Record<string, number> {
  const names = Object.keys(FURTHEST.ensemble);
  return Object.fromEntries(names.map((name) => [name, furthest(expected[name]!, answered[name]!, () => 1)]));
}

/** Boxes and landmarks count where the first sees a face. */
function ofFaces(expected: Outputs, answered: Outputs, { detector }: Models): Record<string, number> {
  const { scores, boxes, landmarks } = expected;
  const sideOf = (candidate: number) => {
    if (scores!.data[candidate]! < detector.thresholds.score) return Number.POSITIVE_INFINITY;
    const [left, top, right, bottom] = boxes!.data.subarray(candidate * 4) as unknown as number[];
    return Math.max(right! - left!, bottom! - top!);
  };
  return {
    scores: furthest(scores!, answered.scores!, () => 1),
    boxes: furthest(boxes!, answered.boxes!, (i) => sideOf(Math.floor(i / 4))),
    landmarks: furthest(landmarks!, answered.landmarks!, (i) => sideOf(Math.floor(i / 10))),
  };
}

/** @param unit by the place of a number, what one is */
function furthest(expected: ModelOutput, answered: ModelOutput, unit: (place: number) => number): number {
  if (expected.dims.join() !== answered.dims.join()) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (const [place, value] of answered.data.entries()) {
    // What is not a number stays.
    most = Math.max(most, Math.abs(value - expected.data[place]!) / unit(place));
  }
  return most;
}
