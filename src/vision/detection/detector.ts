/**
 * Faces in whole images. What an image is searched in (`search-plan.ts`), and what others of the same size are, share runs of
 * the detector; its candidates go through non-maximum suppression. An image of the usual size in which a face may have been
 * missed, because it is too large or touches the border, is given to the detector once more, at half its size.
 */

import { createSharedBufferPool } from '../image/buffer-pool.ts';
import { equivalentSide, nms } from '../image/geometry.ts';
import type { GrayImage } from '../image/gray-image.ts';
import { roundUpToMultiple, writePadded } from '../image/model-input.ts';
import type { DetectorCard } from '../models/model-manifest.ts';
import type { RunnableModel } from '../models/model-session.ts';
import { decodeCandidates } from './decode-candidates.ts';
import { type Detection, placeDetection } from './detected-face.ts';
import {
  bordered,
  countsIn,
  halfSize,
  hasRoomForLargeFace,
  isCentredIn,
  isStandard,
  LARGE_FACE,
  type Level,
  searchLevels,
  type Tile,
  tilesOf,
} from './search-plan.ts';

/** Tiles in one run, and the pixels of all of them: more would only need more memory. */
const MAX_BATCH = 8;
const MAX_BATCH_PIXELS = MAX_BATCH * 640 * 640;

export class Detector {
  readonly #model: RunnableModel;
  readonly #card: DetectorCard;
  readonly #buffers = createSharedBufferPool();
  readonly #minScore: number;
  #halfSizeDetections = 0;

  /** @param minScore of the candidates that are returned; the card's own threshold is applied by the caller */
  constructor(model: RunnableModel, card: DetectorCard, minScore: number) {
    this.#model = model;
    this.#card = card;
    this.#minScore = minScore;
  }

  /** Images until now that were given to the detector once more, because a face may have been too large. */
  get halfSizeDetections(): number {
    return this.#halfSizeDetections;
  }

  /** Faces of each image, best first, none overlapping another by more than the card allows. */
  async detect(images: readonly GrayImage[]): Promise<Detection[][]> {
    const plans = images.map((image) => searchLevels(image, this.#card));
    const found = await this.#search(plans.flat());
    const detections = plans.map((levels) => this.#mergeLevels(levels.map((level) => found.get(level)!)));
    const again = [...plans.keys()].filter((i) => this.#needsSecondSearch(plans[i]![0]!, detections[i]!));
    this.#halfSizeDetections += again.length;
    const halves = again.map((i) => this.#secondLevel(plans[i]![0]!, detections[i]!));
    const large = await this.#search(halves);
    for (const [n, i] of again.entries()) detections[i] = this.#merge(detections[i]!, large.get(halves[n]!)!);
    return detections;
  }

  /** At half its size, because a face may be too large; where nothing is sure, one may touch the picture's border as well. */
  #secondLevel(level: Level, detections: readonly Detection[]): Level {
    const half = halfSize(level);
    return detections.some(this.#hasHighConfidence) ? half : bordered(half, this.#card);
  }

  /**
   * Whether a face may have been missed: no detection has high confidence, or one is large, so that a face may have been too
   * large for the one size that was searched. A large one is as often a part of a face, or a face that is placed badly, as a
   * face; one of low confidence counts too, for beside a small face it may be all that was found of a large one.
   */
  #needsSecondSearch(level: Level, detections: readonly Detection[]): boolean {
    // A larger picture than the standard was searched at all sizes.
    if (!isStandard(level.image)) return false;
    if (!detections.some(this.#hasHighConfidence)) return true;
    if (!hasRoomForLargeFace(level)) return false;
    const isLarge = ({ box }: Detection) => equivalentSide(box) > LARGE_FACE * level.factor;
    return detections.some(isLarge);
  }

  readonly #hasHighConfidence = ({ score }: Detection): boolean => score >= this.#card.thresholds.score;

  /** @param levels what was found at each size, from the largest to the smallest */
  #mergeLevels(levels: readonly Detection[][]): Detection[] {
    return levels.reduce((fullSize, half) => this.#merge(fullSize, half));
  }

  /** What was found at full size within a large face of high confidence is that face again, or a part of it. */
  #merge(fullSize: readonly Detection[], halfSize: readonly Detection[]): Detection[] {
    const confident = halfSize.filter(this.#hasHighConfidence);
    const others = fullSize.filter(({ box }) => !confident.some((face) => isCentredIn(face.box, box)));
    return this.#suppress([...others, ...halfSize]);
  }

  /** Detections in each level, in pixels of the whole image at its own size. Tiles of one size share a run. */
  async #search(levels: readonly Level[]): Promise<Map<Level, Detection[]>> {
    const found = new Map<Level, Detection[]>(levels.map((level) => [level, []]));
    for (const batch of this.#batches(levels.flatMap(tilesOf))) {
      const detections = await this.#run(batch);
      for (const [n, { level }] of batch.entries()) found.get(level)!.push(...detections[n]!);
    }
    // What two tiles show is found twice.
    for (const level of levels) found.set(level, this.#suppress(found.get(level)!));
    return found;
  }

  #batches(tiles: readonly Tile[]): Tile[][] {
    const groups = new Map<string, Tile[]>();
    for (const tile of tiles) {
      const size = this.#paddedSize(tile).join('x');
      groups.set(size, [...(groups.get(size) ?? []), tile]);
    }
    return [...groups.values()].flatMap((group) => {
      const [width, height] = this.#paddedSize(group[0]!);
      const count = Math.min(MAX_BATCH, Math.max(1, Math.floor(MAX_BATCH_PIXELS / (width * height))));
      const starts = Array.from({ length: Math.ceil(group.length / count) }, (_, i) => i * count);
      return starts.map((start) => group.slice(start, start + count));
    });
  }

  #paddedSize({ image: { width, height } }: Tile): [width: number, height: number] {
    const { multipleOf } = this.#card.input;
    return [roundUpToMultiple(width, multipleOf), roundUpToMultiple(height, multipleOf)];
  }

  /** Detections in each tile, in pixels of the whole image. */
  async #run(batch: readonly Tile[]): Promise<Detection[][]> {
    const [width, height] = this.#paddedSize(batch[0]!);
    const channels = this.#card.input.pixelFormat === 'rgb8' ? 3 : 1;
    const length = channels * width * height;
    const data = this.#buffers.acquire(batch.length * length);
    for (const [n, { image }] of batch.entries())
      writePadded(image, data, n * length, width, height, channels);
    const dims = [batch.length, channels, height, width] as const;
    const outputs = await this.#model.run({ data, dims }).finally(() => this.#buffers.release(data));
    return batch.map((tile, n) => {
      const candidates = decodeCandidates(outputs, n, this.#minScore);
      const kept = this.#suppress(candidates.filter((candidate) => countsIn(tile, candidate)));
      const { left, top, level } = tile;
      const { border, factor } = level;
      return kept.map((detection) => placeDetection(detection, left - border, top - border, factor));
    });
  }

  #suppress(detections: readonly Detection[]): Detection[] {
    const boxes = detections.map(({ box }) => box);
    const scores = detections.map(({ score }) => score);
    return nms(boxes, scores, this.#card.thresholds.nms).map((i) => detections[i]!);
  }
}
