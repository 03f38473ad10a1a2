/** Faces as subtitles that draw: a box, a label and a strip of the probabilities for each, from one moment to the next. */
import { EXPRESSIONS, type Expression, type FaceReading } from '../domain/face.ts';
import type { FrameSize } from '../domain/frame.ts';
import { assColour, assFrame, assRectangle, assText, assTime, oneLine } from './ass-text.ts';
import type { PicturedRow } from './other-tool-column-helpers.ts';

/** The dashboard's, on dark. */
export const EXPRESSION_COLOURS: Readonly<Record<Expression, string>> = {
  NEUTRAL: '#7e818a',
  HAPPINESS: '#eead07',
  SURPRISE: '#4bccdf',
  SADNESS: '#6493be',
  ANGER: '#ff604c',
  DISGUST: '#a8d67b',
  FEAR: '#b68fff',
  CONTEMPT: '#e292ad',
};
/** Where mien abstains. */
const NO_COLOUR = '#ffffff';
/** In a proportional font, of its size. */
const CHARACTER = 0.5;
/** As late as the format's hours, of one digit, can tell. */
const FOREVER = 35_999.99;

export interface AssFormat {
  /** What comes before the first row. */
  begin(title: string, picture: FrameSize): string;
  /** Nothing of a frame without a face. */
  text(row: PicturedRow): string;
}

/** @param timeScale how many seconds of subtitles make one of the video: with 10 they tell frames apart that are 1 ms apart */
export function assFormat(timeScale = 1): AssFormat {
  const at = (seconds: number) => assTime(seconds * timeScale);
  return {
    begin: (title, picture) => head(title, picture) + legend(picture, at),
    text({ frame: { mediaTime, duration }, reading, picture }) {
      if (reading === null) return '';
      const [begin, end] = [at(mediaTime), at(mediaTime + duration)];
      const event = (layer: number, style: string, text: string) =>
        `Dialogue: ${layer},${begin},${end},${style},,0,0,0,,${text}\n`;
      return drawFace(reading, picture, event);
    },
  };
}

/** Lengths that suit a picture, in pixels. */
function measuresOf({ width, height }: FrameSize) {
  const font = Math.round(Math.min(48, Math.max(10, height / 28)));
  const legend = Math.max(6, Math.min(font, Math.floor((width * 0.96) / (CHARACTER * LEGEND_LENGTH))));
  return {
    font,
    legend,
    line: Math.max(2, Math.round(height / 300)),
    strip: Math.max(4, Math.round(font / 2)),
  };
}

const LEGEND_LENGTH = EXPRESSIONS.join('   ').length + 2 * EXPRESSIONS.length;

function head(title: string, picture: FrameSize): string {
  const { font, legend: small, line } = measuresOf(picture);
  const style = (name: string, size: number, border: string, alignment: number) =>
    `Style: ${name},Arial,${size},&H00FFFFFF,&H00FFFFFF,&H60000000,&H60000000,0,0,0,0,100,100,0,0,${border},0,${alignment},0,0,0,1`;
  return [
    '[Script Info]',
    `Title: ${oneLine(title)}`,
    'ScriptType: v4.00+',
    `PlayResX: ${picture.width}`,
    `PlayResY: ${picture.height}`,
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    'YCbCr Matrix: None',
    '',
    '[V4+ Styles]',
    `Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding`,
    style('Label', font, `3,${line}`, 1),
    style('Legend', small, `3,${line}`, 1),
    style('Drawing', font, '1,0', 7),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    '',
  ].join('\n');
}

/** What colour is whose, at the foot of the picture. */
function legend(picture: FrameSize, at: (seconds: number) => string): string {
  const { line } = measuresOf(picture);
  const names = EXPRESSIONS.map(
    (expression) => `{\\1c${assColour(EXPRESSION_COLOURS[expression])}}${nameOf(expression)}`,
  ).join('   ');
  const place = `{\\pos(${3 * line},${picture.height - 2 * line})}`;
  return `Dialogue: 0,${at(0)},${at(FOREVER)},Legend,,0,0,0,,${place}${names}\n`;
}

type WriteEvent = (layer: number, style: string, text: string) => string;

function drawFace(face: FaceReading, picture: FrameSize, event: WriteEvent): string {
  const { line, strip } = measuresOf(picture);
  const colour = face.expression === null ? NO_COLOUR : EXPRESSION_COLOURS[face.expression];
  const [left, top] = [Math.round(face.box.x * picture.width), Math.round(face.box.y * picture.height)];
  const right = Math.max(left + 1, Math.round((face.box.x + face.box.width) * picture.width));
  const bottom = Math.max(top + 1, Math.round((face.box.y + face.box.height) * picture.height));
  const below = bottom + 2 * line;
  const stripTop = below + strip <= picture.height ? below : Math.max(top, bottom - strip - 2 * line);
  return [
    event(1, 'Drawing', drawn(0, 0, `{\\1c${assColour(colour)}}${assFrame(left, top, right, bottom, line)}`)),
    event(2, 'Drawing', drawn(left, stripTop, stripOf(face.probabilities, right - left, strip))),
    event(3, 'Label', labelPlace(left, top, picture, labelOf(face))),
  ].join('');
}

/** Stands above the box, or in it where there is no room. */
function labelPlace(left: number, top: number, picture: FrameSize, label: string): string {
  const { font, line } = measuresOf(picture);
  const isAbove = top >= 1.3 * font;
  const reaches = left + label.length * CHARACTER * font;
  const [x, right] = reaches > picture.width ? [picture.width - line, 2] : [Math.max(left, 0) + line, 0];
  const y = isAbove ? top - 2 * line : Math.max(0, top) + 2 * line;
  return `{\\an${(isAbove ? 1 : 7) + right}\\pos(${x},${y})}${assText(label)}`;
}

function labelOf({ track, expression, confidence }: FaceReading): string {
  const what = expression === null ? 'No label' : `${nameOf(expression)} ${Math.round(confidence * 100)} %`;
  return `${what} · ${track}`;
}

/** The probabilities side by side, as wide in all as the face; each begins where the one before it ends. */
function stripOf(probabilities: readonly number[], width: number, height: number): string {
  let [sum, from] = [0, 0];
  return EXPRESSIONS.map((expression, index) => {
    sum += probabilities[index] ?? 0;
    const to = Math.round(Math.min(1, sum) * width);
    const part =
      to > from
        ? `{\\1c${assColour(EXPRESSION_COLOURS[expression])}}${assRectangle(0, 0, to - from, height)}`
        : '';
    from = Math.max(from, to);
    return part;
  }).join('');
}

function drawn(x: number, y: number, drawing: string): string {
  return `{\\pos(${x},${y})\\p1}${drawing}{\\p0}`;
}

function nameOf(expression: Expression): string {
  return expression.charAt(0) + expression.slice(1).toLowerCase();
}
