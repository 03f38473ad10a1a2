/** What a chart is drawn on: a canvas, or the text of an SVG. Sizes are in CSS pixels. */

/** `stripes`: the pattern that marks abstention. @typedef {string | 'stripes'} Fill */
/** A shape of d3-shape that can be drawn on a canvas or told as a path. @template Datum @typedef {{ context(context: CanvasRenderingContext2D | null): Shape<Datum>, (data: readonly Datum[]): unknown }} Shape */
/** @typedef {{ colour: string, width: number, dash?: readonly number[] }} Stroke */
/** @typedef {{ colour: string, size?: number, bold?: boolean, align?: 'left' | 'center' | 'right' }} Letters */
/**
 * @typedef {object} Painter
 * @property {(x: number, y: number, width: number, height: number, fill: Fill) => void} rect
 * @property {<Datum>(shape: any, data: readonly Datum[], fill: Fill) => void} area
 * @property {<Datum>(shape: any, data: readonly Datum[], stroke: Stroke) => void} line
 * @property {(x: number, baseline: number, text: string, letters: Letters) => void} text
 */

const FONT = 'system-ui, sans-serif';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CanvasPattern} stripes
 * @returns {Painter}
 */
export function canvasPainter(context, stripes) {
  const fillOf = (/** @type {Fill} */ fill) => (fill === 'stripes' ? stripes : fill);
  return {
    rect(x, y, width, height, fill) {
      context.fillStyle = fillOf(fill);
      context.fillRect(x, y, width, height);
    },
    area(shape, data, fill) {
      context.fillStyle = fillOf(fill);
      context.beginPath();
      shape.context(context)(data);
      context.fill();
    },
    line(shape, data, { colour, width, dash = [] }) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: 'round' });
      context.setLineDash([...dash]);
      context.beginPath();
      shape.context(context)(data);
      context.stroke();
      context.setLineDash([]);
    },
    text(x, baseline, text, { colour, size = 12, bold = false, align = 'left' }) {
      const font = `${bold ? '600 ' : ''}${size}px ${FONT}`;
      Object.assign(context, { fillStyle: colour, font, textAlign: align, textBaseline: 'alphabetic' });
      context.fillText(text, x, baseline);
    },
  };
}

const ANCHORS = { left: 'start', center: 'middle', right: 'end' };

/**
 * @param {{ width: number, height: number, left: number, stripes: string }} options left: where 0 is; stripes: their colour
 * @returns {Painter & { toText(): string }}
 */
export function svgPainter({ width, height, left, stripes }) {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<defs><pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse"><path d="M-1 1l2-2M-1 9L9-1M7 9l2-2" stroke="${stripes}" stroke-width="2"/></pattern></defs>`,
    `<g transform="translate(${left} 0)">`,
  ];
  const fillOf = (/** @type {Fill} */ fill) => (fill === 'stripes' ? 'url(#stripes)' : fill);
  return {
    rect: (x, y, wide, high, fill) =>
      void parts.push(
        `<rect x="${short(x)}" y="${short(y)}" width="${short(wide)}" height="${short(high)}" fill="${fillOf(fill)}"/>`,
      ),
    area: (shape, data, fill) =>
      void parts.push(`<path d="${shape.context(null)(data) ?? ''}" fill="${fillOf(fill)}"/>`),
    line(shape, data, { colour, width: wide, dash = [] }) {
      const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : '';
      parts.push(
        `<path d="${shape.context(null)(data) ?? ''}" fill="none" stroke="${colour}" stroke-width="${wide}" stroke-linejoin="round"${dashes}/>`,
      );
    },
    text(x, baseline, text, { colour, size = 12, bold = false, align = 'left' }) {
      const weight = bold ? ' font-weight="600"' : '';
      parts.push(
        `<text x="${short(x)}" y="${short(baseline)}" fill="${colour}" font-family="${FONT}" font-size="${size}"${weight} text-anchor="${ANCHORS[align]}">${escaped(text)}</text>`,
      );
    },
    toText: () => `${parts.join('\n')}\n</g>\n</svg>\n`,
  };
}

/** @param {number} value */
function short(value) {
  return Math.round(value * 100) / 100;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
