/** Faces in whole pictures: pictures of one size share a run of the detector; its candidates are thinned here. */
import type { DetectorCard } from './card.ts';
import type { Picture } from './crop.ts';
import { type Rect, sizeOf, suppress } from './geometry.ts';
import type { ModelSession, Output } from './session.ts';
import { enlarge, roundUp, Scratch, shrink, writePadded } from './tensor.ts';

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
/** Nor is its shorter side made longer than this: of photos that a face fills the detector finds 92 % up to here, 70 % at 512. */
const LARGEST_FACE = 384;

/** A picture as the detector sees it: `factor` times smaller (below 1: larger), on a canvas of the size that the model takes. */
interface Prepared {
  index: number;
  picture: Picture;
  factor: number;
  width: number;
  height: number;
}

export class Detector {
  readonly #session: Pick<ModelSession, 'run'>;
  readonly #card: DetectorCard;
  readonly #scratch = new Scratch();
  readonly #least: number;

  /** `least`: the score from which candidates are returned; the card's threshold is the caller's business. */
  constructor(session: Pick<ModelSession, 'run'>, card: DetectorCard, least: number) {
    this.#session = session;
    this.#card = card;
    this.#least = least;
  }

  /** Faces of each picture, best first, none overlapping another by more than the card allows. */
  async detect(pictures: readonly Picture[]): Promise<Detection[][]> {
    const found: Detection[][] = pictures.map(() => []);
    const groups = new Map<string, Prepared[]>();
    for (const [index, picture] of pictures.entries()) {
      const prepared = this.#prepare(picture, index);
      const size = `${prepared.width}x${prepared.height}`;
      groups.set(size, [...(groups.get(size) ?? []), prepared]);
    }
    for (const group of groups.values()) {
      for (let i = 0; i < group.length; i += MAX_PICTURES)
        await this.#run(group.slice(i, i + MAX_PICTURES), found);
    }
    return found;
  }

  #prepare(picture: Picture, index: number): Prepared {
    const { longerSide, multipleOf } = this.#card.input;
    const factor = reduction(picture, longerSide);
    const scaled = factor < 1 ? enlarge(picture, 1 / factor) : shrink(picture, factor);
    const [width, height] = [roundUp(scaled.width, multipleOf), roundUp(scaled.height, multipleOf)];
    return { index, picture: scaled, factor, width, height };
  }

  async #run(group: readonly Prepared[], found: Detection[][]): Promise<void> {
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
      found[prepared.index] = this.#thin(prepared, candidates(answers, n, this.#least));
    });
  }

  /** Non-maximum suppression, minimum size, nothing centred on the padding; back to the picture's own pixels. */
  #thin({ picture, factor }: Prepared, proposed: Detection[]): Detection[] {
    const { nms, minFace } = this.#card.thresholds;
    const inside = proposed.filter(({ box }) => {
      const [x, y] = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
      return x >= 0 && y >= 0 && x <= picture.width && y <= picture.height && sizeOf(box) >= minFace;
    });
    const kept = suppress(
      inside.map(({ box }) => box),
      inside.map(({ score }) => score),
      nms,
    ).map((i) => inside[i]!);
    return factor === 1 ? kept : kept.map((face) => scaledBy(factor, face));
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
