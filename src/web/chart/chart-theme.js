/** What charts are drawn with: colours, and the stripes that mark abstention; read again when light turns to dark. */
import { createStripes } from './canvas.js';
import { createPalette } from './palette.js';

/** @import { Palette } from './palette.js' */
/** @typedef {{ palette: Palette, stripes: CanvasPattern }} ChartTheme */

/**
 * @param {() => void} onChange
 * @returns {() => ChartTheme} as it is now
 */
export function createChartTheme(onChange) {
  const palette = createPalette(() => {
    stripes = createStripes(palette.current.ink.paper);
    onChange();
  });
  let stripes = createStripes(palette.current.ink.paper);
  return () => ({ palette: palette.current, stripes });
}
