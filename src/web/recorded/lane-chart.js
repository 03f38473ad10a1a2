/** Draws the lanes of a recorded session: what was scored, a lane of each face with its episodes, and the axis of time. */
import { clearedSurface } from '../chart/canvas.js';
import { canvasPainter } from '../chart/painters.js';
import { drawTimeAxis, drawTrackChart, scaleOf } from '../chart/track-chart.js';
import { LOW_COVERAGE } from '../format.js';
import { cloneTemplate, find, reconcile, setText } from '../page/dom.js';
import { showEpisodes } from './episode-bars.js';
import { laneName } from './words.js';

/** @import { Painter } from '../chart/painters.js' */
/** @import { Palette } from '../chart/palette.js' */
/** @import { ChartTheme } from '../chart/chart-theme.js' */
/** @import { Place } from '../chart/track-chart.js' */
/** @import { Lanes, Scored } from './lanes.js' */
/** @import { Stretch } from './resolution.js' */

/**
 * @param {Lanes} lanes
 * @param {Stretch} visible
 * @param {ChartTheme} look
 */
export function drawLanes({ lanes, scored, episodes }, visible, look) {
  const range = rangeOf(visible);
  reconcile(find('#lanes', HTMLElement), lanes, {
    key: ({ track }) => String(track ?? 'all'),
    create: () => cloneTemplate('lane'),
    update(element, lane) {
      const canvas = find('canvas', HTMLCanvasElement, element);
      const name = laneName(lane);
      setText(find('.track', HTMLElement, element), name);
      canvas.ariaLabel = `${name}: apparent expression, valence and arousal; the table below says the same`;
      drawTrackChart(canvas, lane.samples, range, look);
      const own = lane.track === null ? [] : episodes.filter(({ track }) => track === lane.track);
      showEpisodes(find('.episodes', HTMLElement, element), own, visible);
    },
  });
  const { context, width, height } = clearedSurface(find('#scored', HTMLCanvasElement));
  drawScored(canvasPainter(context, look.stripes), scored, visible, { top: 0, width, height }, look.palette);
  drawTimeAxis(find('#recorded-axis', HTMLCanvasElement), range, look);
}

/** Nothing of one session is taken for another. */
export function clearLanes() {
  find('#lanes', HTMLElement).replaceChildren();
  for (const id of ['#scored', '#recorded-axis']) clearedSurface(find(id, HTMLCanvasElement));
}

/** @param {Stretch} stretch media time is the axis */
export function rangeOf({ from, to }) {
  return { start: from, end: to, sections: [{ sessionId: '', base: 0, start: from, end: to }] };
}

/** Pixels that a mark of dropped frames has at least. */
const MARK_WIDTH = 3;

/**
 * How much of the time is covered, from the bottom; what is covered too little stands out, and so does where frames were dropped.
 * @param {Painter} painter
 * @param {readonly Scored[]} scored
 * @param {Stretch} visible
 * @param {Place} place
 * @param {Palette} palette
 */
export function drawScored(painter, scored, { from, to }, { top, width, height }, { ink }) {
  painter.rect(0, top, width, height, ink.stage);
  const x = scaleOf({ start: from, end: to }, width);
  for (const { at, until, coverage, dropped } of scored) {
    if (until <= from || at >= to) continue;
    const [left, right] = [Math.max(0, x(at)), Math.min(width, x(until))];
    const low = coverage < LOW_COVERAGE;
    if (low) painter.rect(left, top, right - left, height, ink.bad);
    const covered = height * coverage;
    painter.rect(left, top + height - covered, right - left, covered, low ? ink.warn : ink.line);
    if (dropped > 0) painter.rect(left, top, Math.max(MARK_WIDTH, right - left), 3, ink.bad);
  }
}
