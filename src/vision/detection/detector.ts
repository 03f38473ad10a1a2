/**
 * Faces in whole pictures: pictures of one size share a run of the detector; its candidates are thinned here. Where a face
 * may have been too large to be found, the picture is searched once more, at half its size.
 */

import type { Picture } from '../image/face-crop.ts';
import { type Rect, sizeOf, suppress } from '../image/geometry.ts';
import { enlarge, roundUp, Scratch, shrink, writePadded } from '../image/tensor.ts';
import type { ModelSession, Output } from '../runtime/inference-session.ts';
import type { DetectorCard } from '../runtime/model-card.ts';

/** A face that the detector proposes, in pixels of the picture. */
export interface Detection {
  box: Rect;
  /** Right eye, left eye, nose, right and left mouth corner, from left to right as seen: x0, y0, … */
  five: Float64Array;
  score: number;
}

/** Pictures in one run; more would only need more memory. */
const MAX_PICTURES = 8;
/** Best candidates that suppression looks at. */
const MAX_CANDIDATES = 400;
export const DETECTOR_OUTPUTS = ['boxes', 'scores', 'landmarks'] as const;

/** Enlarged more than twice, a picture shows no more faces, only more of what is none. */
const MOST_ENLARGED = 2;
/** Nor is its shorter side made longer than this: of larger faces the first search finds few. */
const LARGEST_FACE = 384;
/** A picture whose shorter side is not longer has no room for a face that is too large, not even for a part of one. */
const LEAST_ROOM = 320;
/** From this size on, as the first search sees it, a face is found as well at half the size, and placed better. */
const LARGE_FACE = 192;

/** A picture as the detector sees it: `factor` times smaller (below 1: larger), on a canvas of the size that the model takes. */
interface Prepared {
  picture: Picture;
  factor: number;
  width: number;
  height: number;
  /** Smallest face that is looked for, as the detector sees it. */
  least: number;
}

export class Detector {
  readonly #session: Pick<ModelSession, 'run'>;
  readonly #card: DetectorCard;
  readonly #scratch = new Scratch();
  readonly #least: number;
  #halved = 0;

  /** `least`: the score from which candidates are returned; the card's threshold is the caller's business. */
  constructor(session: Pick<ModelSession, 'run'>, card: DetectorCard, least: number) {
    this.#session = session;
    this.#card = card;
    this.#least = least;
  }

  /** Pictures until now that were searched at half their size as well. */
  get halved(): number {
    return this.#halved;
  }

  /** Faces of each picture, best first, none overlapping another by more than the card allows. */
  async detect(pictures: readonly Picture[]): Promise<Detection[][]> {
    const whole = pictures.map((picture) => this.#prepare(picture));
    const found = await this.#search(whole);
    const again = [...whole.keys()].filter((i) => this.#mayLackOne(whole[i]!, found[i]!));
    this.#halved += again.length;
    const large = await this.#search(again.map((i) => this.#halve(whole[i]!)));
    for (const [n, i] of again.entries()) found[i] = this.#join(found[i]!, large[n]!);
    return found;
  }

  #prepare(picture: Picture): Prepared {
    const factor = reduction(picture, this.#card.input.longerSide);
    const scaled = factor < 1 ? enlarge(picture, 1 / factor) : shrink(picture, factor);
    return this.#onCanvas(scaled, factor, this.#card.thresholds.minFace);
  }

  #halve({ picture, factor }: Prepared): Prepared {
    return this.#onCanvas(shrink(picture, 2), factor * 2, LARGE_FACE / 2);
  }

  #onCanvas(picture: Picture, factor: number, least: number): Prepared {
    const { multipleOf } = this.#card.input;
    const [width, height] = [roundUp(picture.width, multipleOf), roundUp(picture.height, multipleOf)];
    return { picture, factor, width, height, least };
  }

  /**
   * Whether a face may have been too large: none is sure, or something is large. Then it is a part of a face, or one that is
   * placed badly, as often as a face; a doubtful one counts too, for beside a small face it may be all that is seen of a large one.
   */
  #mayLackOne({ picture, factor }: Prepared, faces: readonly Detection[]): boolean {
    if (Math.min(picture.width, picture.height) <= LEAST_ROOM) return false;
    return !faces.some(this.#isSure) || faces.some(({ box }) => sizeOf(box) > LARGE_FACE * factor);
  }

  readonly #isSure = ({ score }: Detection): boolean => score >= this.#card.thresholds.score;

  /** What the first search saw within a sure large face is that face again, or a part of it. */
  #join(faces: readonly Detection[], large: readonly Detection[]): Detection[] {
    const sure = large.filter(this.#isSure);
    const others = faces.filter(({ box }) => !sure.some((face) => isCentredIn(face.box, box)));
    return this.#best([...others, ...large]);
  }

  /** What is found in each; those of one size share a run. */
  async #search(all: readonly Prepared[]): Promise<Detection[][]> {
    const found = new Map<Prepared, Detection[]>();
    const groups = new Map<string, Prepared[]>();
    for (const prepared of all) {
      const size = `${prepared.width}x${prepared.height}`;
      groups.set(size, [...(groups.get(size) ?? []), prepared]);
    }
    for (const group of groups.values()) {
      for (let i = 0; i < group.length; i += MAX_PICTURES)
        await this.#run(group.slice(i, i + MAX_PICTURES), found);
    }
    return all.map((prepared) => found.get(prepared)!);
  }

  async #run(group: readonly Prepared[], found: Map<Prepared, Detection[]>): Promise<void> {
    const { width, height } = group[0]!;
    const channels = this.#card.input.pixelFormat === 'rgb8' ? 3 : 1;
    const length = channels * width * height;
    const data = this.#scratch.take(group.length * length);
    group.forEach(({ picture }, n) => {
      writePadded(picture, data, n * length, width, height, channels);
    });
    const dims = [group.length, channels, height, width] as const;
    const answers = await this.#session.run({ data, dims }).finally(() => this.#scratch.give(data));
    group.forEach((prepared, n) => {
      found.set(prepared, this.#thin(prepared, candidates(answers, n, this.#least)));
    });
  }

  /** Minimum size, nothing centred on the padding, non-maximum suppression; back to the picture's own pixels. */
  #thin({ picture, factor, least }: Prepared, proposed: readonly Detection[]): Detection[] {
    const all = { x1: 0, y1: 0, x2: picture.width, y2: picture.height };
    const kept = this.#best(proposed.filter(({ box }) => isCentredIn(all, box) && sizeOf(box) >= least));
    return factor === 1 ? kept : kept.map((face) => scaledBy(factor, face));
  }

  /** Non-maximum suppression. */
  #best(faces: readonly Detection[]): Detection[] {
    const [boxes, scores] = [faces.map(({ box }) => box), faces.map(({ score }) => score)];
    return suppress(boxes, scores, this.#card.thresholds.nms).map((i) => faces[i]!);
  }
}

/**
 * How many times smaller the picture is searched: a whole number, or, where its longer side is shorter than what the
 * card asks, a fraction, because the small faces in it are found at the size at which the model has learned them.
 */
function reduction({ width, height }: Picture, longerSide: number): number {
  const [longer, shorter] = [Math.max(width, height), Math.min(width, height)];
  if (longer >= longerSide) return Math.max(1, Math.round(longer / longerSide));
  return 1 / Math.max(1, Math.min(longerSide / longer, LARGEST_FACE / shorter, MOST_ENLARGED));
}

/** Image `n`'s candidates with a score of at least `least`, best first. */
function candidates(answers: Record<string, Output>, n: number, least: number): Detection[] {
  const count = answers.scores!.dims[1]!;
  const scores = answers.scores!.data.subarray(n * count, (n + 1) * count);
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) if (scores[i]! >= least) chosen.push(i);
  chosen.sort((i, j) => scores[j]! - scores[i]! || i - j);
  return chosen.slice(0, MAX_CANDIDATES).map((i) => {
    const at = n * count + i;
    const [x1, y1, x2, y2] = answers.boxes!.data.subarray(at * 4, at * 4 + 4) as unknown as Four;
    const five = Float64Array.from(answers.landmarks!.data.subarray(at * 10, at * 10 + 10));
    return { box: { x1, y1, x2, y2 }, five, score: scores[i]! };
  });
}

type Four = [number, number, number, number];

function scaledBy(factor: number, { box, five, score }: Detection): Detection {
  const { x1, y1, x2, y2 } = box;
  return {
    box: { x1: x1 * factor, y1: y1 * factor, x2: x2 * factor, y2: y2 * factor },
    five: five.map((v) => v * factor),
    score,
  };
}

function isCentredIn(area: Rect, { x1, y1, x2, y2 }: Rect): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return x >= area.x1 && y >= area.y1 && x <= area.x2 && y <= area.y2;
}
