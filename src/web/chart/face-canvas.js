/** Draws the faces of a moment on an empty frame or on a picture: boxes with labels, and landmarks as lines. */

import { expressionWords } from '../face-words.js';
import { EXPRESSIONS, expressionName } from '../format.js';
import { clearedSurface } from './canvas.js';
import { placeLabels } from './place-labels.js';

/** @import { Face } from '../types.js' */
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
/** Of lines over a picture, which may have any colour. */
const OVER_PICTURE = '#ffffff';
/** On a narrower canvas, in pixels, labels with a percentage would cover one another; the list has them. */
const MIN_WIDTH_FOR_CONFIDENCE = 480;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Face[]} faces
 * @param {Palette} palette
 * @param {{ picture?: CanvasImageSource | undefined, overPicture?: boolean }} [options] what they are drawn upon, and whether they lie over a picture, be it that one or another
 */
export function drawFaces(canvas, faces, palette, { picture, overPicture = picture !== undefined } = {}) {
  const surface = clearedSurface(canvas);
  if (picture) surface.context.drawImage(picture, 0, 0, surface.width, surface.height);
  if (!overPicture) drawGrid(surface, palette);
  for (const face of faces) {
    const colour = colourOf(face, palette);
    drawLandmarks(surface, face, overPicture ? OVER_PICTURE : palette.ink.ink);
    drawBox(surface, face, colour);
  }
  drawLabels(surface, faces, palette);
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
 * Draws the labels last, above all boxes, each where it covers no other face.
 * @param {Surface} surface
 * @param {readonly Face[]} faces
 * @param {Palette} palette
 */
function drawLabels({ context, width, height }, faces, palette) {
  context.font = FONT;
  const texts = faces.map((face) => labelText(face, width));
  const labels = faces.map(({ box }, index) => ({
    face: { left: box.x * width, top: box.y * height, width: box.width * width, height: box.height * height },
    width: context.measureText(texts[index] ?? '').width + 12,
  }));
  for (const [index, place] of placeLabels(labels, LABEL_HEIGHT, { width, height }).entries()) {
    const colour = colourOf(/** @type {Face} */ (faces[index]), palette);
    context.fillStyle = colour;
    context.fillRect(place.left, place.top, place.width, place.height);
    Object.assign(context, { fillStyle: blackOrWhiteOn(colour), textBaseline: 'middle', textAlign: 'left' });
    context.fillText(texts[index] ?? '', place.left + 6, place.top + LABEL_HEIGHT / 2 + 0.5);
  }
}

/** @param {Face} face @param {number} width of the canvas */
function labelText(face, width) {
  const words = width < MIN_WIDTH_FOR_CONFIDENCE ? expressionName(face.expression) : expressionWords(face);
  return `${face.track} · ${words}`;
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
