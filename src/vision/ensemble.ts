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

/** A face whose crop is cut, and who waits for its score. */
interface Seat extends Measured {
  /** `began`: when its run did, in milliseconds. */
  take(score: Score, began: number): void;
  fail(error: unknown): void;
}

/** Faces that will run together. */
interface Batch {
  crops: Uint8Array;
  seats: Seat[];
}

type Measured = ReturnType<typeof measureCrop>;

export class Ensemble {
  readonly #session: Pick<ModelSession, 'run'>;
  readonly #card: EnsembleCard;
  readonly #maxBatch: number;
  readonly #scratch = new Scratch();
  /** Batches that wait for their run; the last one has room. */
  readonly #batches: Batch[] = [];
  /** Where each of EXPRESSIONS stands among the model's labels. */
  readonly #order: readonly number[];

  constructor(session: Pick<ModelSession, 'run'>, card: EnsembleCard, maxBatch: number) {
    this.#session = session;
    this.#card = card;
    this.#maxBatch = maxBatch;
    this.#order = EXPRESSIONS.map((expression) => card.labels.indexOf(expression));
  }

  /** Whether there are faces to run; `full`: as many as a run takes. */
  get waits(): { any: boolean; full: boolean } {
    const first = this.#batches[0];
    return { any: first !== undefined, full: first?.seats.length === this.#maxBatch };
  }

  /** Cuts and measures a face, to be scored with others, of any number of pictures. */
  add({ picture, toCrop }: FaceCrop, { take, fail }: Pick<Seat, 'take' | 'fail'>): void {
    const { crops, seats } = this.#batchWithRoom();
    const { size } = this.#card.input;
    const at = seats.length * this.#length;
    cut(picture, toCrop, size, this.#card.crop.supersampling, crops, at);
    repeatChannels(crops, at, size * size, this.#channels);
    seats.push({ ...measureCrop(crops, at, size), take, fail });
  }

  /** Runs the faces that wait, at most `maxBatch`; resolves to their number when each has been told its score. */
  async run(): Promise<number> {
    const batch = this.#batches.shift();
    if (!batch) return 0;
    await this.#runTogether(batch, 0, batch.seats.length);
    this.#scratch.give(batch.crops);
    return batch.seats.length;
  }

  /** What one face breaks, the others survive: when a run fails, its faces are tried one by one. */
  async #runTogether({ crops, seats }: Batch, from: number, count: number): Promise<void> {
    const began = performance.now();
    const data = crops.subarray(from * this.#length, (from + count) * this.#length);
    const { size } = this.#card.input;
    try {
      const answers = await this.#session.run({ data, dims: [count, this.#channels, size, size] });
      for (let i = 0; i < count; i++) {
        const { luma, sharpness, take } = seats[from + i]!;
        take({ luma, sharpness, ...this.#read(answers, i, count) }, began);
      }
    } catch (error) {
      if (count === 1) return seats[from]!.fail(error);
      for (let i = 0; i < count; i++) await this.#runTogether({ crops, seats }, from + i, 1);
    }
  }

  #batchWithRoom(): Batch {
    const last = this.#batches.at(-1);
    if (last && last.seats.length < this.#maxBatch) return last;
    const batch = { crops: this.#scratch.take(this.#maxBatch * this.#length), seats: [] };
    this.#batches.push(batch);
    return batch;
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
