/** Faces in aligned crops become what the ensemble says of them. */
import { EXPRESSIONS } from '../domain/face.ts';
import type { EnsembleCard } from './card.ts';
import { cut, type Picture } from './crop.ts';
import type { Similarity } from './geometry.ts';
import { measureCrop } from './quality.ts';
import type { ModelSession, Output } from './session.ts';
import { repeatChannels, Scratch } from './tensor.ts';

/** One face to be scored: `toCrop` maps the picture's pixels to the crop's. */
export interface FaceCrop {
  picture: Picture;
  toCrop: Similarity;
}

/** The ensemble's answer for one crop. */
export interface Score {
  /** In the order of EXPRESSIONS. */
  probabilities: number[];
  agreement: number;
  valence: number;
  arousal: number;
  actionUnits: number[];
  /** 68 points, 0 to 1 in the crop: x0, y0, … */
  landmarks: Float32Array;
  /** Degrees, of the face as it is turned in the crop. */
  pose: { yaw: number; pitch: number; roll: number };
  quality: number;
  luma: number;
  sharpness: number;
}

export const ENSEMBLE_OUTPUTS = [
  'expression',
  'members',
  'valence_arousal',
  'action_units',
  'landmarks',
  'pose',
  'quality',
] as const;

export class Ensemble {
  readonly #session: ModelSession;
  readonly #card: EnsembleCard;
  readonly #maxBatch: number;
  readonly #onBatch: (faces: number) => void;
  readonly #scratch = new Scratch();
  /** Where each of EXPRESSIONS stands among the model's labels. */
  readonly #order: readonly number[];

  constructor(
    session: ModelSession,
    card: EnsembleCard,
    maxBatch: number,
    onBatch: (faces: number) => void = () => {},
  ) {
    this.#session = session;
    this.#card = card;
    this.#maxBatch = maxBatch;
    this.#onBatch = onBatch;
    this.#order = EXPRESSIONS.map((expression) => card.labels.indexOf(expression));
  }

  /** Scores faces of any number of pictures, at most `maxBatch` in a run. */
  async score(faces: readonly FaceCrop[]): Promise<Score[]> {
    const scores: Score[] = [];
    for (let i = 0; i < faces.length; i += this.#maxBatch) {
      scores.push(...(await this.#run(faces.slice(i, i + this.#maxBatch))));
    }
    return scores;
  }

  async #run(faces: readonly FaceCrop[]): Promise<Score[]> {
    const { size, pixelFormat } = this.#card.input;
    const channels = pixelFormat === 'rgb8' ? 3 : 1;
    const length = channels * size * size;
    const data = this.#scratch.take(faces.length * length);
    const measures = faces.map(({ picture, toCrop }, i) => {
      cut(picture, toCrop, size, this.#card.crop.supersampling, data, i * length);
      repeatChannels(data, i * length, size * size, channels);
      return measureCrop(data, i * length, size);
    });
    const answers = await this.#session.run({ data, dims: [faces.length, channels, size, size] });
    this.#onBatch(faces.length);
    return measures.map((measured, i) => ({ ...measured, ...this.#read(answers, i, faces.length) }));
  }

  #read(answers: Record<string, Output>, i: number, count: number): Omit<Score, 'luma' | 'sharpness'> {
    const row = (name: (typeof ENSEMBLE_OUTPUTS)[number]) => {
      const { data } = answers[name]!;
      const width = data.length / count;
      return data.subarray(i * width, (i + 1) * width);
    };
    const expression = row('expression');
    const [valence, arousal] = row('valence_arousal') as unknown as [number, number];
    const [yaw, pitch, roll] = row('pose') as unknown as [number, number, number];
    return {
      probabilities: this.#order.map((at) => expression[at]!),
      agreement: agreementOf(answers.members!, i),
      valence,
      arousal,
      actionUnits: Array.from(row('action_units')),
      landmarks: row('landmarks'),
      pose: { yaw, pitch, roll },
      quality: row('quality')[0]!,
    };
  }
}

/**
 * 1 minus the members' mean distance from their own mean, for face `i` of `members` [M, F, 8]. The distance
 * of two distributions is their total variation (half the sum of absolute differences), 0 to 1.
 */
export function agreementOf({ data, dims }: Output, i: number): number {
  const [members, faces, classes] = dims as [number, number, number];
  let distance = 0;
  for (let c = 0; c < classes; c++) {
    let mean = 0;
    for (let m = 0; m < members; m++) mean += data[(m * faces + i) * classes + c]! / members;
    for (let m = 0; m < members; m++) distance += Math.abs(data[(m * faces + i) * classes + c]! - mean);
  }
  return Math.min(1, Math.max(0, 1 - distance / 2 / members));
}

const POINTS_OF_FIVE: readonly (readonly number[])[] = [
  [36, 37, 38, 39, 40, 41],
  [42, 43, 44, 45, 46, 47],
  [30],
  [48],
  [54],
];

/** Eye centres, nose tip and mouth corners out of 68 points (Multi-PIE), multiplied by `unit`. */
export function fiveOf(landmarks: ArrayLike<number>, unit: number): Float64Array {
  const five = new Float64Array(10);
  POINTS_OF_FIVE.forEach((points, i) => {
    for (const point of points) {
      five[2 * i]! += (landmarks[2 * point]! * unit) / points.length;
      five[2 * i + 1]! += (landmarks[2 * point + 1]! * unit) / points.length;
    }
  });
  return five;
}
