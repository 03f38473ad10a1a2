/** The chart as a picture: what is visible, with names, axis and colours, as SVG or PNG. And the links to the tables. */
import { line } from 'd3-shape';
import { createStripes } from '../chart/canvas.js';
import { canvasPainter, svgPainter } from '../chart/painters.js';
import { drawAxis, drawLane } from '../chart/track-chart.js';
import { EXPRESSIONS, expressionLetters, expressionName, preciseClock } from '../format.js';
import { find } from '../page/dom.js';
import { drawScored, rangeOf } from './lane-chart.js';
import { laneName } from './words.js';

/** @import { Painter } from '../chart/painters.js' */
/** @import { Palette } from '../chart/palette.js' */
/** @import { Lanes } from './lanes.js' */
/** @import { Stretch } from './resolution.js' */
/** @typedef {{ lanes: Lanes, visible: Stretch, palette: Palette, title: string, sessionId: string }} Picture */

const WIDTH = 1200;
const MARGIN = 24;
const HEAD = 74;
const LANE = { name: 20, height: 110, gap: 14 };
const SCORED_HEIGHT = 18;
const FOOT = 44;
/** Pixels of a PNG for one of the chart. */
const PNG_SCALE = 2;

/** @param {() => Picture | null} current */
export function listenToExports(current) {
  const kinds = { svg: toSvg, png: toPng };
  for (const [kind, make] of Object.entries(kinds)) {
    find(`#export-${kind}`, HTMLButtonElement).addEventListener('click', async () => {
      const picture = current();
      if (picture === null) return;
      const { from, to } = picture.visible;
      const name = `mien-${picture.sessionId}-${preciseClock(from)}-${preciseClock(to)}.${kind}`;
      save(await make(picture), name.replaceAll(':', '.'));
    });
  }
}

/** Where the tables are: all of the session, or what is visible. @param {string} sessionId @param {Stretch | null} only */
export function linkTables(sessionId, only) {
  const query = only === null ? '' : `?from=${round(only.from)}&to=${round(only.to)}`;
  for (const format of ['csv', 'parquet'])
    find(`#export-${format}`, HTMLAnchorElement).href =
      `export/sessions/${sessionId}/readings.${format}${query}`;
}

/** @param {number} seconds */
function round(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

/** @param {Picture} picture */
async function toSvg(picture) {
  const size = { width: WIDTH, height: heightOf(picture), left: MARGIN };
  const painter = svgPainter({ ...size, stripes: picture.palette.ink.paper });
  drawPicture(painter, picture);
  return new Blob([painter.toText()], { type: 'image/svg+xml' });
}

/** @param {Picture} picture @returns {Promise<Blob>} */
async function toPng(picture) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: WIDTH * PNG_SCALE, height: heightOf(picture) * PNG_SCALE });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(PNG_SCALE, PNG_SCALE);
  context.translate(MARGIN, 0);
  drawPicture(canvasPainter(context, createStripes(picture.palette.ink.paper)), picture);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('The browser made no picture.'))),
      'image/png',
    ),
  );
}

/** @param {Picture} picture */
function heightOf({ lanes: { lanes } }) {
  return (
    HEAD + LANE.name + SCORED_HEIGHT + LANE.gap + lanes.length * (LANE.name + LANE.height + LANE.gap) + FOOT
  );
}

/** @param {Painter} painter @param {Picture} picture */
function drawPicture(painter, { lanes, visible, palette, title, ...rest }) {
  const { ink } = palette;
  const all = { lanes, visible, palette, title, ...rest };
  painter.rect(-MARGIN, 0, WIDTH, heightOf(all), ink.paper);
  const width = WIDTH - 2 * MARGIN;
  const range = rangeOf(visible);
  painter.text(0, 28, title, { colour: ink.ink, size: 17, bold: true });
  drawLegend(painter, palette);
  let top = HEAD;
  const name = (/** @type {string} */ text) => {
    painter.text(0, top + 14, text, { colour: ink.ink, size: 13, bold: true });
    top += LANE.name;
  };
  name('Scored frames');
  drawScored(painter, lanes.scored, visible, { top, width, height: SCORED_HEIGHT }, palette);
  top += SCORED_HEIGHT + LANE.gap;
  for (const lane of lanes.lanes) {
    name(laneName(lane));
    drawLane(painter, lane.samples, range, { top, width, height: LANE.height }, palette);
    top += LANE.height + LANE.gap;
  }
  drawAxis(painter, range, { top: top - LANE.gap + 4, width }, palette);
}

/** @param {Painter} painter @param {Palette} palette */
function drawLegend(painter, { expressions, ink }) {
  for (const [index, expression] of EXPRESSIONS.entries()) {
    painter.rect(index * 112, 44, 11, 11, expressions[index] ?? ink.muted);
    const word = `${expressionLetters(expression)}: ${expressionName(expression)}`;
    painter.text(index * 112 + 16, 54, word, { colour: ink.muted });
  }
  painter.line(line(), level(900), { colour: ink.valence, width: 2 });
  painter.text(930, 54, 'Valence', { colour: ink.muted });
  painter.line(line(), level(1000), { colour: ink.arousal, width: 2, dash: [4, 3] });
  painter.text(1030, 54, 'Arousal', { colour: ink.muted });
}

/** A level line of the legend. @param {number} x @returns {[number, number][]} */
function level(x) {
  return [
    [x, 50],
    [x + 25, 50],
  ];
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
