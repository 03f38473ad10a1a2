/** The faces that the server finds in what this device sends, drawn over its own picture, and in words beside it. */
import { paintOncePerFrame } from '../chart/canvas.js';
import { drawFaces } from '../chart/face-canvas.js';
import { createPalette } from '../chart/palette.js';
import { MOMENTS } from '../documents.js';
import { expressionName, percent } from '../format.js';
import { mien } from '../graphql-client.js';
import { find, setText } from '../page/dom.js';

/** @import { Face, Moment } from '../types.js' */

/** A label so old is of another picture than that which is seen. */
const STALE_MS = 2000;
/** The first comes once the server has opened what is sent. */
const FIRST_WITHIN_MS = 6000;

/** @param {{ onProblem: (problem: unknown) => void }} options */
export function createCameraLabels({ onProblem }) {
  const canvas = find('#camera-labels', HTMLCanvasElement);
  /** @type {readonly Face[]} */
  let faces = [];
  const paint = paintOncePerFrame(() => drawFaces(canvas, faces, palette.current, { overPicture: true }));
  const palette = createPalette(paint);
  let watching = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let stale;
  const show = (/** @type {readonly Face[]} */ found, /** @type {string} */ words) => {
    faces = found;
    paint();
    setText(find('#camera-words', HTMLElement), words);
  };
  const age = () =>
    show([], 'Nothing comes back: the way to the server, or the server itself, is too slow, or away.');
  const shown = (/** @type {Moment} */ { faces: found }) => {
    clearTimeout(stale);
    stale = setTimeout(age, STALE_MS);
    show(found, sentence(found));
  };

  return {
    /** @param {string} streamId */
    watch(streamId) {
      watching.abort();
      watching = new AbortController();
      clearTimeout(stale);
      stale = setTimeout(age, FIRST_WITHIN_MS);
      show([], 'No answer of the server yet.');
      follow(streamId, watching.signal, shown).catch(onProblem);
    },
    clear() {
      watching.abort();
      clearTimeout(stale);
      show([], '');
    },
  };
}

/**
 * @param {string} streamId
 * @param {AbortSignal} signal
 * @param {(moment: Moment) => void} onMoment
 */
async function follow(streamId, signal, onMoment) {
  // Labels that could not be had any more were of pictures that nobody sees any more.
  const onGap = () => {};
  const moments = /** @type {AsyncGenerator<Moment>} */ (
    mien.follow(MOMENTS, { streamId }, { signal, onGap })
  );
  for await (const moment of moments) onMoment(moment);
}

/** @param {readonly Face[]} faces */
function sentence(faces) {
  if (faces.length === 0) return 'No face is seen.';
  return faces
    .map(({ track, expression, confidence }) =>
      expression === null
        ? `Track ${track}: ${expressionName(null)}`
        : `Track ${track}: ${expressionName(expression)}, ${percent(confidence)}`,
    )
    .join('. ');
}
