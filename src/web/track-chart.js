/** The chart of one face along the timeline: stacked probabilities, stripes where mien abstained, valence and arousal below. */
import { clearedSurface } from './canvas.js';
import { clock, ticks } from './format.js';

/** @import { Row, Sample, Section } from './timeline.js' */
/** @import { Surface } from './canvas.js' */
/** @import { Palette } from './palette.js' */

/** The share of the height that the bands of probabilities take, and the gap below them. */
const BANDS_SHARE = 0.64;
const GAP_PX = 6;
/** Samples further apart are not joined: nothing was read in between. */
const MAX_GAP_SECONDS = 0.05;

/** @typedef {{ start: number, end: number, sections: readonly Section[] }} Range */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Row} row
 * @param {Range} range
 * @param {{ palette: Palette, stripes: CanvasPattern }} look
 */
export function drawTrackChart(canvas, row, range, { palette, stripes }) {
  const surface = clearedSurface(canvas);
  const scale = surface.width / (range.end - range.start || 1);
  const x = (/** @type {number} */ at) => (at - range.start) * scale;
  const bands = Math.round(surface.height * BANDS_SHARE);
  surface.context.fillStyle = palette.ink.stage;
  surface.context.fillRect(0, 0, surface.width, bands);
  for (const run of contiguousRuns(row.samples)) {
    drawProbabilityBands(surface, run, x, bands, palette.expressions);
    drawAbstention(surface, run, x, bands, stripes);
  }
  drawValenceAndArousal(surface, row.samples, x, bands + GAP_PX, palette);
  drawSessionBoundaries(surface, range, x, palette.ink.ink);
}

/** Least distance between two marks of the axis. */
const MIN_MARK_DISTANCE_PX = 60;

/**
 * Draws the axis of media time below all rows.
 * @param {HTMLCanvasElement} canvas
 * @param {Range} range
 * @param {Palette} palette
 */
export function drawTimeAxis(canvas, { start, end, sections }, { ink }) {
  const { context, width } = clearedSurface(canvas);
  const scale = width / (end - start || 1);
  Object.assign(context, { fillStyle: ink.muted, font: '12px system-ui, sans-serif', textBaseline: 'top' });
  for (const { base, start: from, end: to } of sections) {
    const shown = Math.max(start, from);
    // As many marks as the drawn part of this section has room for.
    for (const mark of ticks(
      shown - base,
      to - base,
      Math.max(1, ((to - shown) * scale) / MIN_MARK_DISTANCE_PX),
    )) {
      const x = (mark + base - start) * scale;
      context.fillRect(Math.min(x, width - 1), 0, 1, 4);
      context.textAlign = x < 20 ? 'left' : x > width - 20 ? 'right' : 'center';
      context.fillText(clock(mark), Math.min(x, width), 7);
    }
  }
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
 * @param {Surface} surface
 * @param {Sample[]} run
 * @param {(at: number) => number} x
 * @param {number} height
 * @param {readonly string[]} colours
 */
function drawProbabilityBands({ context }, run, x, height, colours) {
  const floors = run.map(() => 0);
  for (const [index, colour] of colours.entries()) {
    const ceilings = run.map(({ probabilities }, at) => (floors[at] ?? 0) + (probabilities[index] ?? 0));
    context.fillStyle = colour;
    context.beginPath();
    tracePath(run, ceilings, false);
    tracePath(run, floors, true);
    context.fill();
    floors.splice(0, floors.length, ...ceilings);
  }

  /**
   * @param {Sample[]} samples
   * @param {number[]} heights
   * @param {boolean} back
   */
  function tracePath(samples, heights, back) {
    for (let step = 0; step < samples.length; step++) {
      const index = back ? samples.length - 1 - step : step;
      const { at, until } = /** @type {Sample} */ (samples[index]);
      const y = height * (1 - Math.min(1, heights[index] ?? 0));
      for (const time of back ? [until, at] : [at, until]) context.lineTo(x(time), y);
    }
  }
}

/**
 * @param {Surface} surface
 * @param {Sample[]} run
 * @param {(at: number) => number} x
 * @param {number} height
 * @param {CanvasPattern} stripes
 */
function drawAbstention({ context }, run, x, height, stripes) {
  context.fillStyle = stripes;
  for (const { at, until, abstained } of run) {
    if (abstained > 0) context.fillRect(x(at), 0, x(until) - x(at), height * abstained);
  }
}

/**
 * Draws valence and arousal as lines, -1 at the bottom to 1 at the top.
 * @param {Surface} surface
 * @param {readonly Sample[]} samples
 * @param {(at: number) => number} x
 * @param {number} top
 * @param {Palette} palette
 */
function drawValenceAndArousal({ context, width, height }, samples, x, top, { ink }) {
  const middle = (top + height) / 2;
  const reach = (height - top) / 2 - 1;
  context.fillStyle = ink.line;
  context.fillRect(0, Math.round(middle), width, 1);
  for (const measure of /** @type {const} */ (['valence', 'arousal'])) {
    Object.assign(context, { strokeStyle: ink[measure], lineWidth: 1.75, lineJoin: 'round' });
    context.setLineDash(measure === 'arousal' ? [4, 3] : []);
    for (const run of contiguousRuns(samples)) {
      context.beginPath();
      for (const sample of run)
        context.lineTo(x((sample.at + sample.until) / 2), middle - sample[measure] * reach);
      context.stroke();
    }
  }
  context.setLineDash([]);
}

/**
 * Draws a line where one session ends and the next begins.
 * @param {Surface} surface
 * @param {Range} range
 * @param {(at: number) => number} x
 * @param {string} colour
 */
function drawSessionBoundaries({ context, height }, { sections }, x, colour) {
  context.fillStyle = colour;
  for (const { start } of sections.slice(1)) context.fillRect(x(start) - 1, 0, 1, height);
}
