/** Canvases in the resolution of the screen. */

/** @typedef {{ context: CanvasRenderingContext2D, width: number, height: number }} Surface sizes in CSS pixels */

/**
 * The canvas, cleared and scaled for drawing in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {Surface}
 */
export function clearedSurface(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = Math.min(devicePixelRatio, 3);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** A pattern of stripes that marks abstention on any colour. @param {string} colour */
export function createStripes(colour) {
  const tile = document.createElement('canvas');
  Object.assign(tile, { width: 8, height: 8 });
  const context = /** @type {CanvasRenderingContext2D} */ (tile.getContext('2d'));
  Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
  for (const shift of [-8, 0, 8]) {
    context.beginPath();
    context.moveTo(shift - 1, 9);
    context.lineTo(shift + 9, -1);
    context.stroke();
  }
  return /** @type {CanvasPattern} */ (context.createPattern(tile, 'repeat'));
}

/**
 * Gives a function that has `paint` run in the next animation frame, once however often it is called.
 * @param {() => void} paint
 */
export function paintOncePerFrame(paint) {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      paint();
    });
  };
}
