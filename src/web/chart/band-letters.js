/** Which expression a band of probabilities is of, in two letters within it: colours alone are not told apart by everybody. */

import { EXPRESSIONS, expressionLetters } from '../format.js';
import { blackOrWhiteOn } from './face-canvas.js';

/** @import { Painter } from './painters.js' */
/** @import { Sample } from './timeline.js' */
/** @import { Place } from './track-chart.js' */
/** `x`: where a time lies, at the edge where it is out of sight; `perSecond`: pixels. @typedef {{ x: (at: number) => number, perSecond: number }} Scale */
/** @typedef {{ x: number, baseline: number, index: number }} LetterPlace index: of the expression */

/** Pixels from one pair of letters to the next at least, and what a pair needs of a band's height and of its run's width. */
const APART = 72;
const HEIGHT = 13;
const WIDTH = 18;
const SIZE = 10;

/**
 * @param {Painter} painter
 * @param {readonly Sample[]} run samples without a gap, in the order of time
 * @param {Scale} scale
 * @param {Place} bands
 * @param {readonly string[]} colours
 */
export function drawLetters(painter, run, scale, bands, colours) {
  for (const { x: middle, baseline, index } of letterPlaces(run, scale, bands)) {
    const [expression, colour] = [EXPRESSIONS[index], colours[index]];
    if (expression === undefined || colour === undefined) continue;
    const letters = {
      colour: blackOrWhiteOn(colour),
      size: SIZE,
      bold: true,
      align: /** @type {const} */ ('center'),
    };
    painter.text(middle, baseline, expressionLetters(expression), letters);
  }
}

/**
 * In the strongest band, at times that stay the same while the chart moves.
 * @param {readonly Sample[]} run
 * @param {Scale} scale
 * @param {Place} bands
 * @returns {LetterPlace[]}
 */
export function letterPlaces(run, { x, perSecond }, { top, width, height }) {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined || x(last.until) - x(first.at) < WIDTH) return [];
  const step = 2 ** Math.ceil(Math.log2(APART / perSecond));
  /** @type {LetterPlace[]} */
  const places = [];
  let next = Math.ceil(first.at / step - 0.5) * step + step / 2;
  for (const sample of run) {
    if (next < sample.at || next >= sample.until) continue;
    const { index, middle, share } = strongestBand(sample.probabilities);
    const at = x(next);
    if (share * height >= HEIGHT && at > WIDTH / 2 && at < width - WIDTH / 2)
      places.push({ x: at, baseline: top + height * (1 - middle) + SIZE * 0.36, index });
    while (next < sample.until) next += step;
  }
  return places;
}

/** @param {readonly number[]} probabilities bands from the bottom to the top */
function strongestBand(probabilities) {
  const share = Math.max(...probabilities);
  const index = probabilities.indexOf(share);
  const floor = probabilities.slice(0, index).reduce((sum, one) => sum + one, 0);
  return { index, share, middle: floor + share / 2 };
}
