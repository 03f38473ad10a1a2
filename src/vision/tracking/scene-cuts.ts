/**
 * Hard cuts: frames with which another scene begins. Each frame is made into a grid of lumas and compared with the one before
 * it; how much must have changed adapts to how much usually does, as in PySceneDetect's adaptive detector. What may look like a
 * cut and is none: a flash or a change of light (the same picture, brighter), a blank frame, and a fast pan (the same picture,
 * shifted).
 */
import type { GrayImage } from '../image/gray-image.ts';
import {
  bestShift,
  type Change,
  changeOf,
  contrastOf,
  type Grid,
  LumaGrid,
  otherThanLight,
  whiteShareOf,
} from './luma-grid.ts';

/** Mean change of luma, the general change of light taken out, below which nothing is a cut. */
const LEAST_CHANGE = 5;
/** How many times the usual change it must be. */
const TIMES_USUAL = 2.5;
/** Seconds of media time: in more, people move so far that only the change of most of the picture is a cut. */
const SHORT_STEP = 0.25;
const MOST_OF_PICTURE = 0.5;
/** Correlation of lumas from which a picture is the same one still, only moved a little. */
const SAME = 0.93;
/** Until it is known how much usually changes: a face that fills the picture and moved for a fifth of a second had 0.92. */
const SAME_AT_FIRST = 0.905;
/** Changes until that is known. */
const LEARNING = 3;
/** Contrast (standard deviation) below which a picture shows nothing. */
const BLANK = 4;
/** Share of white from which a picture that was not white before shows nothing, for some frames. */
const OVEREXPOSED = 0.4;
/** The same picture in other light: its mean luma is another one, little stays as it was, and light explains what it shows. */
const LIT = { shift: 10, unchanged: 0.5, otherwise: 0.28 };
/** The same picture shifted: where it is laid over itself they correlate, and little change is left. */
const PANNED = { correlation: 0.85, left: 0.5 };
/** Share of the newest change in the usual one. */
const NEWEST = 0.3;
/** Frames to which a picture may come back, after a flash of another. */
const REMEMBERED = 3;

export class SceneCuts {
  readonly #grids = new LumaGrid();
  /** Of this scene, the newest first. */
  #recent: Grid[] = [];
  #usual = LEAST_CHANGE / TIMES_USUAL;
  #changes = 0;
  #time = Number.NEGATIVE_INFINITY;
  /** Frames in a row that were overexposed. */
  #overexposed = 0;

  /** Whether another scene begins with this frame, the next of its stream. @param time seconds of media time */
  isCut(image: GrayImage, time: number): boolean {
    const grid = this.#grids.of(image);
    const isShort = time - this.#time <= SHORT_STEP;
    this.#time = time;
    if (contrastOf(grid) < BLANK || this.#isOverexposed(grid)) return false;
    const cut = this.#differs(grid, isShort);
    this.#recent = cut ? [grid] : [grid, ...this.#recent.slice(0, REMEMBERED - 1)];
    return cut;
  }

  #isOverexposed(grid: Grid): boolean {
    const [before] = this.#recent;
    const white = before !== undefined && whiteShareOf(grid) >= OVEREXPOSED;
    this.#overexposed = white && whiteShareOf(before) < OVEREXPOSED / 2 ? this.#overexposed + 1 : 0;
    return this.#overexposed > 0 && this.#overexposed <= REMEMBERED;
  }

  #differs(grid: Grid, isShort: boolean): boolean {
    const [before, ...earlier] = this.#recent;
    if (before === undefined) return false;
    const change = changeOf(before, grid);
    const least = Math.max(LEAST_CHANGE, TIMES_USUAL * this.#usual);
    this.#changes += 1;
    const same = this.#changes > LEARNING ? SAME : SAME_AT_FIRST;
    const isLarge = change.mean >= least && change.correlation < same;
    if (isLarge && (isShort || change.share >= MOST_OF_PICTURE) && this.#isOther(before, grid, change)) {
      if (!earlier.some((one) => changeOf(one, grid).mean < least / 2)) return true;
    }
    this.#usual += NEWEST * (change.mean - this.#usual);
    return false;
  }

  /** Neither the same picture in other light nor shifted. */
  #isOther(before: Grid, grid: Grid, change: Change): boolean {
    const isLight = Math.abs(change.shift) > LIT.shift && change.unchanged < LIT.unchanged;
    if (isLight && otherThanLight(before, grid) <= LIT.otherwise) return false;
    const { correlation, mean } = bestShift(before, grid);
    return !(correlation >= PANNED.correlation && mean <= PANNED.left * change.mean);
  }
}
