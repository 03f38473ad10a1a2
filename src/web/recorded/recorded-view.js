/** A recorded session: its stage and its chart, with one cursor of time for both. */

import { count, droppedFrames, LOW_COVERAGE, percent, preciseClock } from '../format.js';
import { find, setText, showText } from '../page/dom.js';
import { Chart } from './chart.js';
import { linkTables, listenToExports } from './export-chart.js';
import { LaneLoader } from './lane-loader.js';
import { createLaneTable } from './lane-table.js';
import { Stage } from './stage.js';
import { TimeLink } from './time-link.js';

/** @import { Lanes } from './lanes.js' */
/** @import { Recording } from './types.js' */
/** @import { Stretch } from './resolution.js' */

export class RecordedView {
  /** @type {Recording | null} */
  #recording = null;
  #onlyVisible = find('#export-visible', HTMLInputElement);
  #stage;
  /** @type {Chart} */
  #chart;
  #loader;
  #link;
  #updateTable;

  /** @param {(problem: unknown) => void} onProblem */
  constructor(onProblem) {
    this.#link = new TimeLink((time) => this.#recording && this.#chart.moveTo(time));
    this.#stage = new Stage({
      look: () => this.#chart.look(),
      onPlayed: (time) => {
        this.#chart.follow(time);
        this.#link.write(time);
      },
      onProblem,
    });
    this.#chart = this.#createChart();
    this.#loader = new LaneLoader({ onLanes: (lanes) => this.#showLanes(lanes), onProblem });
    this.#updateTable = createLaneTable(() => this.#current);
    this.#onlyVisible.addEventListener('change', () => this.#showVisible());
    listenToTools(this.#chart.zooming);
    listenToExports(() => this.#picture());
  }

  /** Shows a session, or as much more as there is of it by now. @param {Recording} recording */
  async show(recording) {
    const before = this.#recording;
    this.#recording = recording;
    setShown(true);
    const whole = wholeOf(recording);
    writeWarning(recording);
    if (before?.id === recording.id) {
      this.#chart.grow(whole);
      this.#stage.grow(before.summary.end);
    } else this.#open(recording, this.#chart.open(whole, this.#link.time ?? whole.from));
    await this.#loader.open(recording, whole, () => this.#chart.zooming.visible);
  }

  /** @param {Recording} recording @param {number} time where the cursor is */
  #open(recording, time) {
    this.#link.open(recording.id, time);
    this.#stage.open(recording, time);
  }

  close() {
    this.#recording = null;
    this.#loader.close();
    this.#link.close();
    this.#stage.close();
    this.#chart.show(null);
    this.#updateTable();
    find('#lane-notes', HTMLElement).hidden = true;
    setShown(false);
  }

  #createChart() {
    return new Chart({
      onVisible: (visible) => {
        this.#loader?.want(visible);
        this.#showVisible();
      },
      onCursor: (time) => {
        this.#stage.show(time);
        this.#link.write(time);
      },
      stepMoment: (direction) => {
        const moment = this.#stage.beside(direction);
        if (moment !== null) this.#chart.moveTo(moment.mediaTime);
      },
      play: () => this.#stage.toggle(),
    });
  }

  get #current() {
    return { lanes: this.#chart.lanes, visible: this.#chart.zooming.visible };
  }

  /** @param {Lanes} lanes */
  #showLanes(lanes) {
    this.#chart.show(lanes);
    this.#showVisible();
    writeNotes(lanes);
  }

  #showVisible() {
    if (this.#recording === null) return;
    this.#updateTable();
    const { visible, whole } = this.#chart.zooming;
    setText(find('#chart-range', HTMLElement), rangeInWords(visible, whole, this.#chart.lanes));
    linkTables(this.#recording.id, this.#onlyVisible.checked ? visible : null);
  }

  #picture() {
    const { lanes, visible } = this.#current;
    if (this.#recording === null || lanes === null) return null;
    const title = find('#title', HTMLElement).textContent ?? '';
    return { lanes, visible, palette: this.#chart.look().palette, title, sessionId: this.#recording.id };
  }
}

/** @param {boolean} isShown */
function setShown(isShown) {
  find('#recorded-now', HTMLElement).hidden = !isShown;
  find('#recorded-chart', HTMLElement).hidden = !isShown;
  find('#live-chart', HTMLElement).hidden = isShown;
}

/** @param {Recording} recording @returns {Stretch} */
function wholeOf({ summary: { start, end } }) {
  return { from: start, to: end > start ? end : start + 1 };
}

/** @param {Chart['zooming']} zooming */
function listenToTools(zooming) {
  const tools = {
    'zoom-in': () => zooming.zoomBy(1.6),
    'zoom-out': () => zooming.zoomBy(1 / 1.6),
    'zoom-all': () => zooming.show(zooming.whole),
    earlier: () => zooming.pan(-0.5),
    later: () => zooming.pan(0.5),
  };
  for (const [id, act] of Object.entries(tools))
    find(`#${id}`, HTMLButtonElement).addEventListener('click', act);
}

/** @param {Stretch} visible @param {Stretch} whole @param {Lanes | null} lanes */
function rangeInWords({ from, to }, whole, lanes) {
  const at = (/** @type {number} */ time) => preciseClock(Math.round(time * 10) / 10);
  const bucket = lanes?.resolution.bucket;
  const fine = lanes?.expired
    ? 'by the second: its single moments are too many, or were deleted by the retention'
    : bucket === null
      ? 'in single moments'
      : `in steps of ${bucket} s`;
  const part =
    to - from < whole.to - whole.from - 1e-3
      ? `${at(from)} to ${at(to)} of ${at(whole.to)}`
      : `All ${at(whole.to - whole.from)}`;
  return lanes === null ? 'Reading…' : `${part}, ${fine}.`;
}

/** In plain sight: what the numbers cannot be trusted for. @param {Recording} recording */
function writeWarning({ summary: { coverage, frames, faces, dropped } }) {
  const place = find('#coverage-warning', HTMLElement);
  const lost = droppedFrames(dropped);
  const sentences = [
    ...(frames === 0 ? ['Nothing was scored in this session, so there is nothing to show.'] : []),
    ...(frames > 0 && faces === 0 ? [`No face was found in ${count(frames, 'frame')}.`] : []),
    ...(frames > 0 && coverage < LOW_COVERAGE
      ? [
          `Only ${percent(coverage)} of its time was scored${lost > 0 ? ` (${count(lost, 'frame')} dropped)` : ''}: trust sums and means less. Where it is missing, the lane of scored frames is red.`,
        ]
      : []),
  ];
  showText(place, sentences.join(' '));
}

/** @param {Lanes} lanes */
function writeNotes({ withoutLane, moreEpisodes }) {
  const place = find('#lane-notes', HTMLElement);
  const notes = [
    ...(withoutLane > 0
      ? [`${count(withoutLane, 'more face')} without a lane: zoom in to see who is there.`]
      : []),
    ...(moreEpisodes ? ['There are more episodes than are shown: zoom in.'] : []),
  ];
  showText(place, notes.join(' '));
}
