/** What is shown of one stream or session: the faces of the newest moment, and the visible part of the timeline. */
import { createStripes, paintOncePerFrame } from './canvas.js';
import { cloneTemplate, find, reconcile, setText } from './dom.js';
import { drawFaces } from './face-canvas.js';
import { renderFaceList } from './face-list.js';
import { clock, count, EXPRESSIONS, expressionName } from './format.js';
import { createPalette } from './palette.js';
import { drawTimeAxis, drawTrackChart } from './track-chart.js';

/** @import { FrameSize, Moment } from './types.js' */
/** @import { Palette } from './palette.js' */
/** @import { Row, Timeline } from './timeline.js' */

/** Milliseconds between changes of the texts: nobody reads faster than this. */
const TEXT_REFRESH_MS = 250;

/** @typedef {ReturnType<typeof createSessionView>} SessionView */
/** @typedef {{ palette: Palette, stripes: CanvasPattern }} Colours */
/** @typedef {{ timeline: Timeline | null, newest: Moment | null, textWrittenAt: number }} Shown */

export function createSessionView() {
  const faceCanvas = find('#stage', HTMLCanvasElement);
  /** @type {Shown} */
  const shown = { timeline: null, newest: null, textWrittenAt: 0 };
  const repaint = paintOncePerFrame(() => paint(shown, faceCanvas, colours()));
  const colours = createColours(repaint);
  new ResizeObserver(repaint).observe(find('#board', HTMLElement));
  writeLegend();

  return {
    /** Replaces what is shown. @param {Timeline | null} timeline null: there is nothing to show yet */
    open(timeline) {
      Object.assign(shown, { timeline, newest: null, textWrittenAt: 0 });
      find('#faces', HTMLElement).replaceChildren();
      find('#rows', HTMLElement).replaceChildren();
      repaint();
    },
    /** @param {Moment} moment */
    show(moment) {
      shown.newest = moment;
      shown.timeline?.add(moment);
      repaint();
    },
    /** Gives the canvas of the faces the proportions of the frames. @param {FrameSize | null} size null: not known yet */
    setFrameSize(size) {
      showFrameSize(faceCanvas, size);
      repaint();
    },
    /** Paints again, texts included, after the timeline was changed from outside. */
    refresh() {
      shown.textWrittenAt = 0;
      repaint();
    },
  };
}

/**
 * The colours that the charts are drawn with, read again when light turns to dark.
 * @param {() => void} onChange
 * @returns {() => Colours}
 */
function createColours(onChange) {
  const palette = createPalette(() => {
    stripes = createStripes(palette.current.ink.paper);
    onChange();
  });
  let stripes = createStripes(palette.current.ink.paper);
  return () => ({ palette: palette.current, stripes });
}

/**
 * Draws the canvases at once, and writes the texts when they are due.
 * @param {Shown} shown
 * @param {HTMLCanvasElement} faceCanvas
 * @param {Colours} colours
 */
function paint(shown, faceCanvas, colours) {
  const { timeline, newest } = shown;
  drawFaces(faceCanvas, newest?.faces ?? [], colours.palette);
  if (timeline) drawTimeline(timeline, colours);
  if (performance.now() - shown.textWrittenAt < TEXT_REFRESH_MS) return;
  shown.textWrittenAt = performance.now();
  writeMoment(newest);
  if (timeline) writeRows(timeline, newest);
}

/**
 * @param {Timeline} timeline
 * @param {Colours} colours
 */
function drawTimeline(timeline, colours) {
  const range = { start: timeline.start, end: timeline.end, sections: timeline.sections };
  const rows = timeline.rows;
  reconcile(find('#rows', HTMLElement), rows, {
    key: ({ key }) => key,
    create: () => cloneTemplate('row'),
    update: (element, row) => drawTrackChart(find('canvas', HTMLCanvasElement, element), row, range, colours),
  });
  drawTimeAxis(find('#axis', HTMLCanvasElement), range, colours.palette);
}

/** @param {Moment | null} moment */
function writeMoment(moment) {
  renderFaceList(moment?.faces ?? []);
  const time =
    moment && `${clock(moment.mediaTime)} of media time, moment ${moment.seq.toLocaleString('en')}`;
  setText(find('#moment-time', HTMLElement), time ?? 'Waiting for a moment');
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
    const name = rowName(row, timeline);
    setText(find('.track', HTMLElement, element), name);
    const face = newest?.sessionId === row.sessionId && newest.faces.find(({ track }) => track === row.track);
    setText(find('.expression', HTMLElement, element), face ? expressionName(face.expression) : '');
    const label = `${name}: apparent expression, valence and arousal over the last minutes`;
    find('canvas', HTMLCanvasElement, element).setAttribute('aria-label', label);
  }
  const more = find('#hidden-rows', HTMLElement);
  more.hidden = timeline.facesWithoutRow === 0;
  setText(more, `${count(timeline.facesWithoutRow, 'more face')} in view without a row here.`);
}

/**
 * Track numbers are of one session only: the same number in an earlier session is another face.
 * @param {Row} row
 * @param {Timeline} timeline
 */
function rowName({ track, sessionId }, { sections }) {
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
    const item = cloneTemplate('legend-item');
    find('.swatch', HTMLElement, item).dataset.expression = name;
    setText(find('.word', HTMLElement, item), word);
    find('#legend', HTMLElement).append(item);
  }
}

/**
 * Without a size the canvas has the proportions that session-view.css gives it.
 * @param {HTMLCanvasElement} canvas
 * @param {FrameSize | null} size
 */
function showFrameSize(canvas, size) {
  if (size === null) canvas.style.removeProperty('--shape');
  else canvas.style.setProperty('--shape', `${size.width} / ${size.height}`);
  const text = size && `Scored in ${size.width} × ${size.height} pixels.`;
  setText(find('#frame-size', HTMLElement), text ?? '');
}
