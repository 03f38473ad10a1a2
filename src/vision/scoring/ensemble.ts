/** Faces in aligned crops become what the ensemble says of them. */
import { EXPRESSIONS } from '../../domain/face.ts';
import { createSharedBufferPool } from '../image/buffer-pool.ts';
import { cropFace } from '../image/face-crop.ts';
import type { Similarity } from '../image/geometry.ts';
import type { GrayImage } from '../image/gray-image.ts';
import { repeatChannels } from '../image/model-input.ts';
import type { ENSEMBLE_OUTPUTS } from '../models/model-contract.ts';
import { type EnsembleCard, toldActionUnits } from '../models/model-manifest.ts';
import type { ModelOutput, RunnableModel } from '../models/model-session.ts';
import { measureCrop } from './quality.ts';

/** One face to be scored. */
export interface FaceCrop {
  image: GrayImage;
  /** From the image's pixels to the crop's. */
  toCrop: Similarity;
}

/** The ensemble's answer for one crop, and what was measured in it. */
export interface Score extends CropMeasures {
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
}

/** Mean luma (0 to 255) and sharpness (0 to 1). */
type CropMeasures = ReturnType<typeof measureCrop>;

/** What is told when a face is scored, or cannot be. */
export interface ScoreListener {
  /** @param startedAt when the run began, in milliseconds of `performance.now()` */
  onScore(score: Score, startedAt: number): void;
  onError(error: unknown): void;
}

/** A face whose crop is cut, and that waits for a run. */
interface PendingFace {
  crop: Uint8Array;
  measures: CropMeasures;
  listener: ScoreListener;
}

export class Ensemble {
  readonly #model: RunnableModel;
  readonly #card: EnsembleCard;
  readonly #buffers = createSharedBufferPool();
  readonly #pending: PendingFace[] = [];
  /** Where each of EXPRESSIONS stands among the model's labels. */
  readonly #labelOf: readonly number[];
  /** Where each action unit that is told stands in the model's output. */
  readonly #unitAt: readonly number[];

  constructor(model: RunnableModel, card: EnsembleCard) {
    this.#model = model;
    this.#card = card;
    this.#labelOf = EXPRESSIONS.map((expression) => card.labels.indexOf(expression));
    this.#unitAt = toldActionUnits(card).map(({ at }) => at);
  }

  /** Number of faces that wait for a run. */
  get pendingFaces(): number {
    return this.#pending.length;
  }

  /** Cuts and measures a face, to be scored in a run with others, of any number of images. */
  enqueue({ image, toCrop }: FaceCrop, listener: ScoreListener): void {
    const { size } = this.#card.input;
    const crop = new Uint8Array(this.#cropLength);
    cropFace(image, toCrop, size, this.#card.crop.supersampling, crop);
    repeatChannels(crop, 0, size * size, this.#channels);
    this.#pending.push({ crop, measures: measureCrop(crop, 0, size), listener });
  }

  /** Scores the first faces that wait, at most so many; resolves to their number when each has been told. */
  async run(maxFaces: number): Promise<number> {
    const faces = this.#pending.splice(0, maxFaces);
    await this.#runTogether(faces);
    return faces.length;
  }

  /** When a run fails, its faces are tried one by one, so that only the one that breaks it fails. */
  async #runTogether(faces: readonly PendingFace[]): Promise<void> {
    const startedAt = performance.now();
    const { size } = this.#card.input;
    const data = this.#buffers.acquire(faces.length * this.#cropLength);
    for (const [i, { crop }] of faces.entries()) data.set(crop, i * this.#cropLength);
    try {
      const run = this.#model.run({ data, dims: [faces.length, this.#channels, size, size] });
      const outputs = await run.finally(() => this.#buffers.release(data));
      for (const [i, { measures, listener }] of faces.entries())
        listener.onScore({ ...measures, ...this.#read(outputs, i, faces.length) }, startedAt);
    } catch (error) {
      if (faces.length === 1) return faces[0]!.listener.onError(error);
      for (const face of faces) await this.#runTogether([face]);
    }
  }

  get #channels(): 1 | 3 {
    return this.#card.input.pixelFormat === 'rgb8' ? 3 : 1;
  }

  /** Bytes of a crop. */
  get #cropLength(): number {
    return this.#channels * this.#card.input.size ** 2;
  }

  /** The answer for face `i` of `count`. */
  #read(outputs: Record<string, ModelOutput>, i: number, count: number): Omit<Score, keyof CropMeasures> {
    const row = (name: (typeof ENSEMBLE_OUTPUTS)[number]) => {
      const { data } = outputs[name]!;
      const width = data.length / count;
      return data.subarray(i * width, (i + 1) * width);
    };
    const expression = row('expression');
    const units = row('action_units');
    const [valence, arousal] = row('valence_arousal') as unknown as [number, number];
    const [yaw, pitch, roll] = row('pose') as unknown as [number, number, number];
    return {
      probabilities: this.#labelOf.map((at) => expression[at]!),
      agreement: agreementOf(outputs.members!, i),
      valence,
      arousal,
      actionUnits: this.#unitAt.map((at) => units[at]!),
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
function agreementOf({ data, dims }: ModelOutput, i: number): number {
  const [members, faces, classes] = dims as [number, number, number];
  let distance = 0;
  for (let c = 0; c < classes; c++) {
    let mean = 0;
    for (let m = 0; m < members; m++) mean += data[(m * faces + i) * classes + c]! / members;
    for (let m = 0; m < members; m++) distance += Math.abs(data[(m * faces + i) * classes + c]! - mean);
  }
  return Math.min(1, Math.max(0, 1 - distance / 2 / members));
}
