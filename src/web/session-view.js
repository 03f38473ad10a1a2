/** What is shown of one stream or session: the faces of the newest moment, and the visible part of the timeline. */
import { paintOncePerFrame } from './chart/canvas.js';
import { createChartTheme } from './chart/chart-theme.js';
import { drawFaces } from './chart/face-canvas.js';
import { rowName } from './chart/timeline.js';
import { drawTimeAxis, drawTrackChart } from './chart/track-chart.js';
import { clock, count, EXPRESSIONS, expressionLetters, expressionName } from './format.js';
import { renderFaceList } from './live/face-list.js';
import { createLiveReadout } from './live/live-readout.js';
import { cloneTemplate, find, reconcile, setText } from './page/dom.js';
import { RecordedView } from './recorded/recorded-view.js';

/** @import { Face, FrameSize, Moment } from './types.js' */
/** @import { ChartTheme } from './chart/chart-theme.js' */
/** @import { Timeline } from './chart/timeline.js' */

/** Milliseconds between changes of the texts: nobody reads faster than this. */
const TEXT_REFRESH_MS = 250;

/** @typedef {ReturnType<typeof createSessionView>} SessionView */
/** A frame, and the faces that were found in it. @typedef {{ bitmap: ImageBitmap, faces: readonly Face[] }} Picture */
/** @typedef {{ timeline: Timeline | null, newest: Moment | null, picture: Picture | null, textWrittenAt: number }} Shown */

export function createSessionView() {
  const faceCanvas = find('#stage', HTMLCanvasElement);
  /** @type {Shown} */
  const shown = { timeline: null, newest: null, picture: null, textWrittenAt: 0 };
  const readout = createLiveReadout(() => shown.timeline);
  const repaint = paintOncePerFrame(() => paint(shown, faceCanvas, look(), readout));
  const look = createChartTheme(repaint);
  const change = (/** @type {Partial<Shown>} */ changes) => {
    Object.assign(shown, changes);
    repaint();
  };
  new ResizeObserver(repaint).observe(find('#board', HTMLElement));
  writeLegend();

  return {
    /** Replaces what is shown. @param {Timeline | null} timeline null: there is nothing to show yet */
    open(timeline) {
      Object.assign(shown, { timeline, newest: null, textWrittenAt: 0 });
      for (const list of ['#faces', '#rows']) find(list, HTMLElement).replaceChildren();
      repaint();
    },
    /** @param {Moment} moment */
    show(moment) {
      shown.newest = moment;
      shown.timeline?.add(moment);
      repaint();
    },
    /** From now on the faces of this frame are drawn on it, not those of the newest moment. @param {Picture | null} picture null: none */
    setPicture: (picture) => change({ picture }),
    /** Gives the canvas of the faces the proportions of the frames. @param {FrameSize | null} size null: not known yet */
    setFrameSize(size) {
      showFrameSize(faceCanvas, size);
      repaint();
    },
    /** The view of recorded sessions, made with the first one. */
    recorded: createRecordedOnce(),
    /** Paints again, texts included, after the timeline was changed from outside. */
    refresh: () => change({ textWrittenAt: 0 }),
  };
}

/** @returns {(onProblem: (problem: unknown) => void) => RecordedView} */
function createRecordedOnce() {
  /** @type {RecordedView | null} */
  let recorded = null;
  return (onProblem) => (recorded ??= new RecordedView(onProblem));
}

/**
 * Draws the canvases at once, and writes the texts when they are due.
 * @param {Shown} shown
 * @param {HTMLCanvasElement} faceCanvas
 * @param {ChartTheme} look
 * @param {{ refresh: () => void }} readout of what lies under the pointer
 */
function paint(shown, faceCanvas, look, readout) {
  const { timeline, newest, picture } = shown;
  drawFaces(faceCanvas, picture?.faces ?? newest?.faces ?? [], look.palette, { picture: picture?.bitmap });
  if (timeline) drawTimeline(timeline, look);
  readout.refresh();
  if (performance.now() - shown.textWrittenAt < TEXT_REFRESH_MS) return;
  shown.textWrittenAt = performance.now();
  writeMoment(newest);
  if (timeline) writeRows(timeline, newest);
}

/**
 * @param {Timeline} timeline
 * @param {ChartTheme} look
 */
function drawTimeline(timeline, look) {
  const range = { start: timeline.start, end: timeline.end, sections: timeline.sections };
  const rows = timeline.rows;
  reconcile(find('#rows', HTMLElement), rows, {
    key: ({ key }) => key,
    create: () => cloneTemplate('row'),
    update(element, row) {
      const canvas = find('canvas', HTMLCanvasElement, element);
      const name = rowName(row, timeline);
      setText(find('.track', HTMLElement, element), name);
      canvas.ariaLabel = `${name}: apparent expression, valence and arousal over the last minute`;
      drawTrackChart(canvas, row.samples, range, look);
    },
  });
  drawTimeAxis(find('#axis', HTMLCanvasElement), range, look);
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
    const face = newest?.sessionId === row.sessionId && newest.faces.find(({ track }) => track === row.track);
    setText(find('.expression', HTMLElement, element), face ? expressionName(face.expression) : '');
  }
  const more = find('#hidden-rows', HTMLElement);
  more.hidden = timeline.facesWithoutRow === 0;
  setText(more, `${count(timeline.facesWithoutRow, 'more face')} in view without a row here.`);
}

function writeLegend() {
  const words = [
    ...EXPRESSIONS.map((name) => [name, `${expressionLetters(name)}: ${expressionName(name)}`]),
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
