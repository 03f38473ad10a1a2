/** Draws the faces of the newest moment on an empty frame: boxes with labels, and landmarks as lines. */
import { clearedSurface } from './canvas.js';
import { EXPRESSIONS, expressionName, percent } from './format.js';

/** @import { Face } from './types.js' */
/** @import { Surface } from './canvas.js' */
/** @import { Palette } from './palette.js' */

/** Lines through the 68 landmarks: the first and last point, and whether the line is closed. */
const LANDMARK_LINES = /** @type {const} */ ([
  [0, 16, false],
  [17, 21, false],
  [22, 26, false],
  [27, 30, false],
  [31, 35, false],
  [36, 41, true],
  [42, 47, true],
  [48, 59, true],
  [60, 67, true],
]);
const FONT = '600 13px system-ui, sans-serif';
const LABEL_HEIGHT = 20;
/** On a narrower canvas, in pixels, labels with a percentage would cover one another; the list has them. */
const MIN_WIDTH_FOR_CONFIDENCE = 480;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Face[]} faces
 * @param {Palette} palette
 */
export function drawFaces(canvas, faces, palette) {
  const surface = clearedSurface(canvas);
  drawGrid(surface, palette);
  for (const face of faces) {
    const colour = colourOf(face, palette);
    drawLandmarks(surface, face, palette.ink.ink);
    drawBox(surface, face, colour);
    drawLabel(surface, face, colour);
  }
}

/**
 * @param {Surface} surface
 * @param {Palette} palette
 */
function drawGrid({ context, width, height }, { ink }) {
  Object.assign(context, { strokeStyle: ink.line, lineWidth: 1 });
  context.beginPath();
  for (const third of [1 / 3, 2 / 3]) {
    context.moveTo(Math.round(width * third) + 0.5, 0);
    context.lineTo(Math.round(width * third) + 0.5, height);
    context.moveTo(0, Math.round(height * third) + 0.5);
    context.lineTo(width, Math.round(height * third) + 0.5);
  }
  context.stroke();
}

/**
 * @param {Surface} surface
 * @param {Face} face
 * @param {string} colour
 */
function drawLandmarks({ context, width, height }, { landmarks }, colour) {
  if (landmarks?.length !== 68) return;
  Object.assign(context, { strokeStyle: colour, lineWidth: 1.5, lineJoin: 'round', globalAlpha: 0.75 });
  for (const [from, to, closed] of LANDMARK_LINES) {
    context.beginPath();
    for (const { x, y } of landmarks.slice(from, to + 1)) context.lineTo(x * width, y * height);
    if (closed) context.closePath();
    context.stroke();
  }
  context.globalAlpha = 1;
}

/**
 * @param {Surface} surface
 * @param {Face} face
 * @param {string} colour
 */
function drawBox({ context, width, height }, { box, expression }, colour) {
  Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
  context.setLineDash(expression === null ? [6, 5] : []);
  context.strokeRect(box.x * width, box.y * height, box.width * width, box.height * height);
  context.setLineDash([]);
}

/**
 * Draws the label above the box, or inside where there is no room above.
 * @param {Surface} surface
 * @param {Face} face
 * @param {string} colour
 */
function drawLabel({ context, width, height }, { box, track, expression, confidence }, colour) {
  const confidenceText =
    expression === null || width < MIN_WIDTH_FOR_CONFIDENCE ? '' : ` ${percent(confidence)}`;
  const text = `${track} · ${expressionName(expression)}${confidenceText}`;
  context.font = FONT;
  const labelWidth = context.measureText(text).width + 12;
  const left = Math.max(0, Math.min(box.x * width - 1, width - labelWidth));
  const top = Math.max(0, box.y * height - LABEL_HEIGHT);
  context.fillStyle = colour;
  context.fillRect(left, top, labelWidth, LABEL_HEIGHT);
  Object.assign(context, { fillStyle: blackOrWhiteOn(colour), textBaseline: 'middle', textAlign: 'left' });
  context.fillText(text, left + 6, top + LABEL_HEIGHT / 2 + 0.5);
}

/**
 * @param {Face} face
 * @param {Palette} palette
 */
function colourOf({ expression }, { expressions, ink }) {
  return (expression && expressions[EXPRESSIONS.indexOf(expression)]) || ink.muted;
}

/** Black or white, whichever stands out more (WCAG's relative luminance). @param {string} colour as `#rrggbb` */
export function blackOrWhiteOn(colour) {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? '#000000' : '#ffffff';
}
