/** The chart of one face along the timeline: stacked probabilities, stripes where mien abstained, valence and arousal below. */
import { area, line } from 'd3-shape';
import { utcTicks } from 'd3-time';
import { preciseClock } from '../format.js';
import { drawLetters } from './band-letters.js';
import { clearedSurface } from './canvas.js';
import { canvasPainter } from './painters.js';

/** @import { Sample, Section } from './timeline.js' */
/** @import { Painter } from './painters.js' */
/** @import { ChartTheme } from './chart-theme.js' */
/** @import { Palette } from './palette.js' */

/** The share of the height that the bands of probabilities take, and the gap below them. */
const BANDS_SHARE = 0.64;
const GAP_PX = 6;
/** Samples further apart are not joined: nothing was read in between. */
const MAX_GAP_SECONDS = 0.05;

/** @typedef {{ start: number, end: number, sections: readonly Section[] }} Range */
/** Where a lane lies in the picture. @typedef {{ top: number, width: number, height: number }} Place */
/** @typedef {{ x: number, floor: number, ceiling: number }} Edge */
/** @typedef {{ x: number, y: number }} Point */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Sample[]} samples
 * @param {Range} range
 * @param {ChartTheme} look
 */
export function drawTrackChart(canvas, samples, range, { palette, stripes }) {
  const { context, width, height } = clearedSurface(canvas);
  const painter = canvasPainter(context, stripes);
  drawLane(painter, samples, range, { top: 0, width, height }, palette);
  for (const { start } of range.sections.slice(1))
    painter.rect(scaleOf(range, width)(start) - 1, 0, 1, height, palette.ink.ink);
}

/**
 * @param {Painter} painter
 * @param {readonly Sample[]} samples in the order of time
 * @param {Pick<Range, 'start' | 'end'>} range
 * @param {Place} place
 * @param {Palette} palette
 */
export function drawLane(painter, samples, range, { top, width, height }, palette) {
  const x = scaleOf(range, width);
  const bands = { top, width, height: Math.round(height * BANDS_SHARE) };
  painter.rect(0, top, width, bands.height, palette.ink.stage);
  const seen = samples.filter(({ at, until }) => until > range.start && at < range.end);
  for (const run of contiguousRuns(seen)) {
    drawProbabilityBands(painter, run, x, bands, palette.expressions);
    drawAbstention(painter, run, x, bands);
    drawLetters(
      painter,
      run,
      { x, perSecond: width / (range.end - range.start || 1) },
      bands,
      palette.expressions,
    );
  }
  const below = top + bands.height + GAP_PX;
  drawValenceAndArousal(painter, seen, x, { top: below, width, height: top + height - below }, palette);
}

/** Where a time lies. @param {Pick<Range, 'start' | 'end'>} range @param {number} width */
export function scaleOf({ start, end }, width) {
  const scale = width / (end - start || 1);
  return (/** @type {number} */ at) => Math.max(0, Math.min(width, (at - start) * scale));
}

/** Least distance between two marks of the axis. */
const MIN_MARK_DISTANCE_PX = 60;

/**
 * Draws the axis of media time below all rows.
 * @param {HTMLCanvasElement} canvas
 * @param {Range} range
 * @param {ChartTheme} look
 */
export function drawTimeAxis(canvas, range, { palette, stripes }) {
  const { context, width } = clearedSurface(canvas);
  drawAxis(canvasPainter(context, stripes), range, { top: 0, width }, palette);
}

/**
 * @param {Painter} painter
 * @param {Range} range
 * @param {{ top: number, width: number }} place
 * @param {Palette} palette
 */
export function drawAxis(painter, { start, end, sections }, { top, width }, { ink }) {
  const scale = width / (end - start || 1);
  for (const { base, start: from, end: to } of sections) {
    const [first, last] = [Math.max(start, from) - base, Math.min(end, to) - base];
    for (const mark of timeMarks(first, last, ((last - first) * scale) / MIN_MARK_DISTANCE_PX)) {
      const x = (mark + base - start) * scale;
      painter.rect(Math.min(x, width - 1), top, 1, 4, ink.muted);
      const align = x < 20 ? 'left' : x > width - 20 ? 'right' : 'center';
      painter.text(Math.min(x, width), top + 18, preciseClock(mark), { colour: ink.muted, align });
    }
  }
}

/**
 * Round times, as many as there is room for: hours, minutes, seconds and parts of these.
 * @param {number} start
 * @param {number} end
 * @param {number} most
 */
export function timeMarks(start, end, most) {
  if (end <= start) return [];
  const [first, last] = [new Date(start * 1000), new Date(end * 1000)];
  let marks = utcTicks(first, last, Math.max(1, most));
  // It gives about as many as it is asked for, and sometimes half as many again.
  for (let fewer = most / 1.5; marks.length > most + 1 && fewer >= 1; fewer /= 1.5)
    marks = utcTicks(first, last, fewer);
  return marks.map((mark) => mark.getTime() / 1000);
}

/** Splits samples where the face was not seen. They are in the order of time. @param {readonly Sample[]} samples */
export function contiguousRuns(samples) {
  /** @type {Sample[][]} */
  const runs = [];
  for (const sample of samples) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    if (last && before && sample.at - before.until <= MAX_GAP_SECONDS) last.push(sample);
    else runs.push([sample]);
  }
  return runs;
}

/**
 * @param {Painter} painter
 * @param {Sample[]} run
 * @param {(at: number) => number} x
 * @param {Place} place
 * @param {readonly string[]} colours
 */
function drawProbabilityBands(painter, run, x, { top, height }, colours) {
  const shape = /** @type {import('d3-shape').Area<Edge>} */ (area())
    .x((edge) => edge.x)
    .y0((edge) => edge.floor)
    .y1((edge) => edge.ceiling);
  const y = (/** @type {number} */ share) => top + height * (1 - Math.min(1, share));
  const floors = run.map(() => 0);
  for (const [index, colour] of colours.entries()) {
    const ceilings = run.map(({ probabilities }, at) => (floors[at] ?? 0) + (probabilities[index] ?? 0));
    const edges = run.flatMap(({ at, until }, place) => {
      const [floor, ceiling] = [y(floors[place] ?? 0), y(ceilings[place] ?? 0)];
      return [at, until].map((time) => ({ x: x(time), floor, ceiling }));
    });
    painter.area(shape, edges, colour);
    floors.splice(0, floors.length, ...ceilings);
  }
}

/**
 * @param {Painter} painter
 * @param {Sample[]} run
 * @param {(at: number) => number} x
 * @param {Place} place
 */
function drawAbstention(painter, run, x, { top, height }) {
  for (const { at, until, abstained } of run) {
    if (abstained > 0) painter.rect(x(at), top, x(until) - x(at), height * abstained, 'stripes');
  }
}

/**
 * Draws valence and arousal as lines, -1 at the bottom to 1 at the top.
 * @param {Painter} painter
 * @param {readonly Sample[]} samples
 * @param {(at: number) => number} x
 * @param {Place} place
 * @param {Palette} palette
 */
function drawValenceAndArousal(painter, samples, x, { top, width, height }, { ink }) {
  const middle = top + height / 2;
  const reach = height / 2 - 1;
  painter.rect(0, Math.round(middle), width, 1, ink.line);
  const shape = /** @type {import('d3-shape').Line<Point>} */ (line()).x((at) => at.x).y((at) => at.y);
  for (const measure of /** @type {const} */ (['valence', 'arousal'])) {
    const stroke = { colour: ink[measure], width: 1.75, dash: measure === 'arousal' ? [4, 3] : [] };
    for (const run of contiguousRuns(samples)) {
      const points = run.map((sample) => ({
        x: x((sample.at + sample.until) / 2),
        y: middle - sample[measure] * reach,
      }));
      painter.line(shape, points, stroke);
    }
  }
}
