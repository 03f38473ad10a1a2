/**
 * Faces in whole images: images of one size share a run of the detector, and its candidates go through non-maximum
 * suppression. An image in which a face may have been too large to be found is given to the detector once more, at half
 * its size.
 */

import { equivalentSide, nms, type Rect } from '../image/geometry.ts';
import type { GrayImage } from '../image/gray-image.ts';
import { roundUpToMultiple, writePadded } from '../image/model-input.ts';
import { downscale, upscale } from '../image/resize.ts';
import { SharedBufferPool } from '../image/shared-buffer-pool.ts';
import type { DetectorCard } from '../models/model-card.ts';
import type { RunnableModel } from '../models/model-session.ts';
import { decodeCandidates } from './decode-candidates.ts';
import { type Detection, scaleDetection } from './detection.ts';

/** Images in one run; more would only need more memory. */
const MAX_BATCH = 8;
/** An image that is upscaled more shows no more faces, only more of what is none. */
const MAX_UPSCALE = 2;
/** Pixels to which the shorter side is upscaled, at most: of larger faces the detector finds few at full size. */
const MAX_UPSCALED_SIDE = 384;
/** An image whose shorter side has no more pixels has no room for a face that is too large, not even for a part of one. */
const MIN_SIDE_FOR_LARGE_FACE = 320;
/** Pixels of the detector's input from which a face is found at half the size as well, and placed better. */
const LARGE_FACE = 192;

/** An image as the detector is given it: `factor` times smaller (below 1: larger), padded to `width` x `height`. */
interface DetectorInput {
  image: GrayImage;
  factor: number;
  width: number;
  height: number;
  /** Smallest face that counts, in pixels of the detector's input. */
  minFace: number;
}

export class Detector {
  readonly #model: RunnableModel;
  readonly #card: DetectorCard;
  readonly #buffers = new SharedBufferPool();
  readonly #minScore: number;
  #halfSizeDetections = 0;

  /** @param minScore of the candidates that are returned; the card's own threshold is applied by the caller */
  constructor(model: RunnableModel, card: DetectorCard, minScore: number) {
    this.#model = model;
    this.#card = card;
    this.#minScore = minScore;
  }

  /** Images until now that were given to the detector at half their size as well. */
  get halfSizeDetections(): number {
    return this.#halfSizeDetections;
  }

  /** Faces of each image, best first, none overlapping another by more than the card allows. */
  async detect(images: readonly GrayImage[]): Promise<Detection[][]> {
    const inputs = images.map((image) => this.#fullSizeInput(image));
    const detections = await this.#detectAll(inputs);
    const again = [...inputs.keys()].filter((i) => this.#mayMissLargeFace(inputs[i]!, detections[i]!));
    this.#halfSizeDetections += again.length;
    const large = await this.#detectAll(again.map((i) => this.#halfSizeInput(inputs[i]!)));
    for (const [n, i] of again.entries()) detections[i] = this.#merge(detections[i]!, large[n]!);
    return detections;
  }

  #fullSizeInput(image: GrayImage): DetectorInput {
    const factor = downscaleFactor(image, this.#card.input.longerSide);
    const scaled = factor < 1 ? upscale(image, 1 / factor) : downscale(image, factor);
    return this.#padded(scaled, factor, this.#card.thresholds.minFace);
  }

  #halfSizeInput({ image, factor }: DetectorInput): DetectorInput {
    return this.#padded(downscale(image, 2), factor * 2, LARGE_FACE / 2);
  }

  #padded(image: GrayImage, factor: number, minFace: number): DetectorInput {
    const { multipleOf } = this.#card.input;
    const width = roundUpToMultiple(image.width, multipleOf);
    const height = roundUpToMultiple(image.height, multipleOf);
    return { image, factor, width, height, minFace };
  }

  /**
   * Whether a face may have been too large: no detection has high confidence, or one is large. A large one is as often a
   * part of a face, or a face that is placed badly, as a face; one of low confidence counts too, for beside a small face
   * it may be all that was found of a large one.
   */
  #mayMissLargeFace({ image, factor }: DetectorInput, detections: readonly Detection[]): boolean {
    if (Math.min(image.width, image.height) <= MIN_SIDE_FOR_LARGE_FACE) return false;
    const isLarge = ({ box }: Detection) => equivalentSide(box) > LARGE_FACE * factor;
    return !detections.some(this.#hasHighConfidence) || detections.some(isLarge);
  }

  readonly #hasHighConfidence = ({ score }: Detection): boolean => score >= this.#card.thresholds.score;

  /** What was found at full size within a large face of high confidence is that face again, or a part of it. */
  #merge(fullSize: readonly Detection[], halfSize: readonly Detection[]): Detection[] {
    const confident = halfSize.filter(this.#hasHighConfidence);
    const others = fullSize.filter(({ box }) => !confident.some((face) => isCentredIn(face.box, box)));
    return this.#suppress([...others, ...halfSize]);
  }

  /** Detections in each input, in the image's own pixels. Inputs of one size share a run. */
  async #detectAll(inputs: readonly DetectorInput[]): Promise<Detection[][]> {
    const detections = new Map<DetectorInput, Detection[]>();
    const groups = new Map<string, DetectorInput[]>();
    for (const input of inputs) {
      const size = `${input.width}x${input.height}`;
      groups.set(size, [...(groups.get(size) ?? []), input]);
    }
    for (const group of groups.values()) {
      for (let i = 0; i < group.length; i += MAX_BATCH)
        await this.#run(group.slice(i, i + MAX_BATCH), detections);
    }
    return inputs.map((input) => detections.get(input)!);
  }

  async #run(batch: readonly DetectorInput[], detections: Map<DetectorInput, Detection[]>): Promise<void> {
    const { width, height } = batch[0]!;
    const channels = this.#card.input.pixelFormat === 'rgb8' ? 3 : 1;
    const length = channels * width * height;
    const data = this.#buffers.acquire(batch.length * length);
    for (const [n, { image }] of batch.entries())
      writePadded(image, data, n * length, width, height, channels);
    const dims = [batch.length, channels, height, width] as const;
    const outputs = await this.#model.run({ data, dims }).finally(() => this.#buffers.release(data));
    for (const [n, input] of batch.entries())
      detections.set(input, this.#filter(input, decodeCandidates(outputs, n, this.#minScore)));
  }

  /** Leaves out small faces and those centred on the padding, suppresses, and scales to the image's own pixels. */
  #filter({ image, factor, minFace }: DetectorInput, candidates: readonly Detection[]): Detection[] {
    const whole = { x1: 0, y1: 0, x2: image.width, y2: image.height };
    const kept = this.#suppress(
      candidates.filter(({ box }) => isCentredIn(whole, box) && equivalentSide(box) >= minFace),
    );
    return factor === 1 ? kept : kept.map((detection) => scaleDetection(factor, detection));
  }

  #suppress(detections: readonly Detection[]): Detection[] {
    const boxes = detections.map(({ box }) => box);
    const scores = detections.map(({ score }) => score);
    return nms(boxes, scores, this.#card.thresholds.nms).map((i) => detections[i]!);
  }
}

/**
 * How many times smaller the detector is given an image: a whole number, or a fraction where its longer side is shorter
 * than the card's, because small faces are found at the size at which the model was trained on them.
 */
function downscaleFactor({ width, height }: GrayImage, longerSide: number): number {
  const [longer, shorter] = [Math.max(width, height), Math.min(width, height)];
  if (longer >= longerSide) return Math.max(1, Math.round(longer / longerSide));
  return 1 / Math.max(1, Math.min(longerSide / longer, MAX_UPSCALED_SIDE / shorter, MAX_UPSCALE));
}

function isCentredIn(area: Rect, { x1, y1, x2, y2 }: Rect): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return x >= area.x1 && y >= area.y1 && x <= area.x2 && y <= area.y2;
}
