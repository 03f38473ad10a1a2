/** The colours of the style sheet, for drawing on canvases; read again when light turns to dark. */
import { EXPRESSIONS } from '../format.js';

/** @typedef {'ink' | 'muted' | 'line' | 'stage' | 'paper' | 'valence' | 'arousal' | 'bad' | 'warn'} Ink */
/** @typedef {{ expressions: readonly string[], ink: Readonly<Record<Ink, string>> }} Palette */

/** @type {readonly Ink[]} */
const INKS = ['ink', 'muted', 'line', 'stage', 'paper', 'valence', 'arousal', 'bad', 'warn'];

/**
 * @param {() => void} onChange
 * @returns {{ current: Palette }}
 */
export function createPalette(onChange) {
  const palette = { current: read() };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    palette.current = read();
    onChange();
  });
  return palette;
}

/** @returns {Palette} */
function read() {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name.toLowerCase()}`).trim();
  return {
    expressions: EXPRESSIONS.map(colour),
    ink: /** @type {Record<Ink, string>} */ (Object.fromEntries(INKS.map((ink) => [ink, colour(ink)]))),
  };
}
