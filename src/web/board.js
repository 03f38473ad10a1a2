/** What is seen of one stream or session: the newest moment, and the visible stretch of its timeline. */
import { drawAxis, drawRow } from './bands.js';
import { createPainter, hatch } from './canvas.js';
import { copyOf, find, sync, write } from './dom.js';
import { showFaces } from './faces.js';
import { clock, count, EXPRESSIONS, expressionName } from './format.js';
import { createPalette } from './palette.js';
import { drawStage } from './stage.js';

/** @import { FrameSize, Moment } from './types.js' */
/** @import { Row, Timeline } from './timeline.js' */

/** Milliseconds between changes of the numbers: faster than this nobody reads. */
const READABLE_MS = 250;

/** @typedef {ReturnType<typeof createBoard>} Board */

export function createBoard() {
  const stage = find('#stage', HTMLCanvasElement);
  /** @type {Moment | null} */
  let newest = null;
  /** @type {Timeline | null} */
  let timeline = null;
  let writtenAt = 0;
  const repaint = createPainter(() => {
    drawStage(stage, newest?.faces ?? [], palette.current);
    if (timeline) drawTimeline(timeline, look());
    if (performance.now() - writtenAt < READABLE_MS) return;
    writtenAt = performance.now();
    writeMoment(newest);
    if (timeline) writeRows(timeline, newest);
  });
  const palette = createPalette(() => {
    stripes = hatch(palette.current.ink.paper);
    repaint();
  });
  let stripes = hatch(palette.current.ink.paper);
  const look = () => ({ palette: palette.current, stripes });
  new ResizeObserver(repaint).observe(find('#board', HTMLElement));
  writeLegend();

  return {
    /** Begins anew. @param {Timeline | null} next null: there is nothing to be seen yet */
    open(next) {
      [timeline, newest, writtenAt] = [next, null, 0];
      find('#faces', HTMLElement).replaceChildren();
      find('#rows', HTMLElement).replaceChildren();
      repaint();
    },
    /** @param {Moment} moment */
    show(moment) {
      newest = moment;
      timeline?.add(moment);
      repaint();
    },
    /** Gives the stage the shape of the frames. @param {FrameSize | null} size null: not known yet */
    shape(size) {
      shapeStage(stage, size);
      repaint();
    },
    /** After the timeline was changed by others, or for good. */
    refresh() {
      writtenAt = 0;
      repaint();
    },
  };
}

/**
 * @param {Timeline} timeline
 * @param {{ palette: import('./palette.js').Palette, stripes: CanvasPattern }} look
 */
function drawTimeline(timeline, look) {
  const range = { start: timeline.start, end: timeline.end, sections: timeline.sections };
  const rows = timeline.rows;
  sync(find('#rows', HTMLElement), rows, {
    key: ({ key }) => key,
    create: () => copyOf('row'),
    update: (element, row) => drawRow(find('canvas', HTMLCanvasElement, element), row, range, look),
  });
  drawAxis(find('#axis', HTMLCanvasElement), range, look.palette);
}

/** @param {Moment | null} moment */
function writeMoment(moment) {
  showFaces(moment?.faces ?? []);
  const time =
    moment && `${clock(moment.mediaTime)} of media time, moment ${moment.seq.toLocaleString('en')}`;
  write(find('#moment-time', HTMLElement), time ?? 'Waiting for a moment');
}

/**
 * @param {Timeline} timeline
 * @param {Moment | null} newest
 */
function writeRows(timeline, newest) {
  const elements = [...find('#rows', HTMLElement).children];
  for (const [index, row] of timeline.rows.entries()) {
    const element = elements[index];
    if (!element) continue;
    const name = nameOf(row, timeline);
    write(find('.track', HTMLElement, element), name);
    const face = newest?.sessionId === row.sessionId && newest.faces.find(({ track }) => track === row.track);
    write(find('.expression', HTMLElement, element), face ? expressionName(face.expression) : '');
    const label = `${name}: apparent expression, valence and arousal over the last minutes`;
    find('canvas', HTMLCanvasElement, element).setAttribute('aria-label', label);
  }
  const more = find('#hidden-rows', HTMLElement);
  more.hidden = timeline.hidden === 0;
  write(more, `${count(timeline.hidden, 'more face')} in view without a row here.`);
}

/**
 * Tracks live and die with their session: the same number in an earlier one is another face.
 * @param {Row} row
 * @param {Timeline} timeline
 */
function nameOf({ track, sessionId }, { sections }) {
  const name = track === null ? 'All faces' : `Track ${track}`;
  return sections.at(-1)?.sessionId === sessionId ? name : `${name} of the session before`;
}

function writeLegend() {
  const words = [
    ...EXPRESSIONS.map((name) => [name, expressionName(name)]),
    ['NONE', 'No label: mien abstains'],
  ];
  const courses = [
    ['VALENCE', 'Valence, unpleasant to pleasant'],
    ['AROUSAL', 'Arousal, calm to excited'],
  ];
  for (const [name = '', word = ''] of [...words, ...courses]) {
    const item = copyOf('legend-item');
    find('.swatch', HTMLElement, item).dataset.expression = name;
    write(find('.word', HTMLElement, item), word);
    find('#legend', HTMLElement).append(item);
  }
}

/**
 * Without a size it has the shape that board.css gives it.
 * @param {HTMLCanvasElement} stage
 * @param {FrameSize | null} size
 */
function shapeStage(stage, size) {
  if (size === null) stage.style.removeProperty('--shape');
  else stage.style.setProperty('--shape', `${size.width} / ${size.height}`);
  const text = size && `Scored in ${size.width} × ${size.height} pixels.`;
  write(find('#frame-size', HTMLElement), text ?? '');
}
