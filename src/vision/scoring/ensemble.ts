/** Faces in aligned crops become what the ensemble says of them. */
import { EXPRESSIONS } from '../../domain/face.ts';
import { cut, type Picture } from '../image/face-crop.ts';
import type { Similarity } from '../image/geometry.ts';
import { repeatChannels, Scratch } from '../image/tensor.ts';
import type { ModelSession, Output } from '../runtime/inference-session.ts';
import type { EnsembleCard } from '../runtime/model-card.ts';
import { measureCrop } from './quality.ts';

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

/** A face whose crop is cut, and who waits for its score. */
interface Seat extends Measured {
  crop: Uint8Array;
  /** `began`: when its run did, in milliseconds. */
  take(score: Score, began: number): void;
  fail(error: unknown): void;
}

type Measured = ReturnType<typeof measureCrop>;

export class Ensemble {
  readonly #session: Pick<ModelSession, 'run'>;
  readonly #card: EnsembleCard;
  readonly #scratch = new Scratch();
  readonly #waiting: Seat[] = [];
  /** Where each of EXPRESSIONS stands among the model's labels. */
  readonly #order: readonly number[];

  constructor(session: Pick<ModelSession, 'run'>, card: EnsembleCard) {
    this.#session = session;
    this.#card = card;
    this.#order = EXPRESSIONS.map((expression) => card.labels.indexOf(expression));
  }

  /** Faces that wait for a run. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Cuts and measures a face, to be scored with others, of any number of pictures. */
  add({ picture, toCrop }: FaceCrop, { take, fail }: Pick<Seat, 'take' | 'fail'>): void {
    const { size } = this.#card.input;
    const crop = new Uint8Array(this.#length);
    cut(picture, toCrop, size, this.#card.crop.supersampling, crop);
    repeatChannels(crop, 0, size * size, this.#channels);
    this.#waiting.push({ crop, ...measureCrop(crop, 0, size), take, fail });
  }

  /** Runs the first faces that wait, at most so many; resolves to their number when each has been told its score. */
  async run(most: number): Promise<number> {
    const seats = this.#waiting.splice(0, most);
    await this.#runTogether(seats);
    return seats.length;
  }

  /** What one face breaks, the others survive: when a run fails, its faces are tried one by one. */
  async #runTogether(seats: readonly Seat[]): Promise<void> {
    const began = performance.now();
    const { size } = this.#card.input;
    const data = this.#scratch.take(seats.length * this.#length);
    seats.forEach(({ crop }, i) => {
      data.set(crop, i * this.#length);
    });
    try {
      const run = this.#session.run({ data, dims: [seats.length, this.#channels, size, size] });
      const answers = await run.finally(() => this.#scratch.give(data));
      for (const [i, { luma, sharpness, take }] of seats.entries()) {
        take({ luma, sharpness, ...this.#read(answers, i, seats.length) }, began);
      }
    } catch (error) {
      if (seats.length === 1) return seats[0]!.fail(error);
      for (const seat of seats) await this.#runTogether([seat]);
    }
  }

  get #channels(): 1 | 3 {
    return this.#card.input.pixelFormat === 'rgb8' ? 3 : 1;
  }

  /** Bytes of a crop. */
  get #length(): number {
    return this.#channels * this.#card.input.size ** 2;
  }

  #read(answers: Record<string, Output>, i: number, count: number): Omit<Score, keyof Measured> {
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
