/** The chart of a recorded session: what is visible of it, what lies under the pointer, and the cursor of time. */
import { paintOncePerFrame } from '../chart/canvas.js';
import { createChartTheme } from '../chart/chart-theme.js';
import { createReadout, keyUnder } from '../chart/readout.js';
import { preciseClock } from '../format.js';
import { find } from '../page/dom.js';
import { listenToKeys } from './cursor-keys.js';
import { listenToEpisodes } from './episode-bars.js';
import { clearLanes, drawLanes } from './lane-chart.js';
import { laneLines, laneName, momentInWords, scoredLines } from './words.js';
import { Zooming } from './zooming.js';

/** @import { Lanes } from './lanes.js' */
/** @import { Stretch } from './resolution.js' */

/**
 * @typedef {object} ChartOptions
 * @property {(visible: Stretch) => void} onVisible
 * @property {(time: number) => void} onCursor it was moved here
 * @property {(direction: 1 | -1) => void} stepMoment
 * @property {() => void} play
 */

export class Chart {
  #plot = find('#plot', HTMLElement);
  #thumb = find('#time-cursor', HTMLElement);
  /** @type {Lanes | null} */
  #lanes = null;
  #time = 0;
  #options;
  #repaint = paintOncePerFrame(() => this.#paint());
  #place = paintOncePerFrame(() => this.#writeCursor());
  /** The colours that it is drawn with. */
  look = createChartTheme(this.#repaint);
  /** @type {Zooming} */
  zooming;
  #readout;

  /** @param {ChartOptions} options */
  constructor(options) {
    this.#options = options;
    this.zooming = new Zooming(this.#plot, (visible) => {
      this.#readout.hide();
      options.onVisible(visible);
      this.#repaint();
    });
    this.#readout = createReadout(this.#plot, (target, share) => this.#tell(target, share));
    new ResizeObserver(this.#repaint).observe(this.#plot);
    const { stepMoment, play } = options;
    const step = (/** @type {1 | -1} */ direction) => this.#step(direction);
    const moveTo = (/** @type {number} */ time) => this.moveTo(time);
    listenToKeys(this.#thumb, this.zooming, () => this.#time, { step, stepMoment, moveTo, play });
    listenToEpisodes(this.#plot, moveTo);
    this.#plot.addEventListener('click', (event) => this.#click(event));
  }

  get lanes() {
    return this.#lanes;
  }

  /** @param {Lanes | null} lanes null: nothing yet */
  show(lanes) {
    this.#lanes = lanes;
    this.#readout.hide();
    if (lanes === null) clearLanes();
    else this.#set(this.#time);
    this.#repaint();
  }

  /** Begins with all of a session, at a time. @param {Stretch} whole @param {number} time @returns {number} where the cursor is */
  open(whole, time) {
    this.#bound(whole);
    this.zooming.open(whole);
    this.follow(this.#within(time));
    return this.#time;
  }

  /** The session has grown. @param {Stretch} whole */
  grow(whole) {
    this.#bound(whole);
    this.zooming.grow(whole);
  }

  /** @param {number} time */
  moveTo(time) {
    this.follow(this.#within(time));
    this.#options.onCursor(this.#time);
  }

  /** Goes with what is played, without telling so. @param {number} time */
  follow(time) {
    this.#set(time);
    this.zooming.reveal(time);
  }

  /** @param {Stretch} whole */
  #bound({ from, to }) {
    this.#thumb.ariaValueMin = String(from);
    this.#thumb.ariaValueMax = String(to);
  }

  /** @param {number} time */
  #within(time) {
    const { from, to } = this.zooming.whole;
    return Math.max(from, Math.min(to, time));
  }

  /** @param {number} time */
  #set(time) {
    this.#time = time;
    this.#place();
  }

  /** Puts the cursor where its time is, and tells it in words: once in a picture of the page, however often it moves. */
  #writeCursor() {
    const now = String(Math.round(this.#time * 1000) / 1000);
    const words = this.#lanes ? momentInWords(this.#lanes, this.#time) : preciseClock(this.#time);
    if (this.#thumb.ariaValueNow !== now) this.#thumb.ariaValueNow = now;
    if (this.#thumb.ariaValueText !== words) this.#thumb.ariaValueText = words;
    const { from, to } = this.zooming.visible;
    const share = (this.#time - from) / (to - from);
    // At the edge that it lies behind, where keys still find it.
    this.#thumb.classList.toggle('away', share < -0.001 || share > 1.001);
    this.#thumb.style.left = `${Math.max(0, Math.min(1, share)) * 100}%`;
  }

  /** @param {EventTarget | null} target @param {number} share of the plot's width */
  #tell(target, share) {
    const [lanes, { from, to }] = [this.#lanes, this.zooming.visible];
    if (lanes === null) return null;
    const time = from + share * (to - from);
    const lane = lanes.lanes.find(({ track }) => String(track ?? 'all') === keyUnder(target));
    return {
      title: (lane ? `${laneName(lane)}, ` : '') + preciseClock(time),
      lines: [...(lane ? laneLines(lane, time) : []), ...scoredLines(lanes.scored, time)],
    };
  }

  /** @param {1 | -1} direction */
  #step(direction) {
    const starts = (this.#lanes?.scored ?? []).map(({ at }) => at);
    const next =
      direction === 1
        ? starts.find((at) => at > this.#time + 1e-4)
        : starts.findLast((at) => at < this.#time - 1e-4);
    if (next !== undefined) this.moveTo(next);
  }

  /** @param {MouseEvent} event */
  #click({ target, clientX }) {
    if (target instanceof Element && target.closest('button, [role=slider]')) return;
    const { left, width } = this.#plot.getBoundingClientRect();
    const { from, to } = this.zooming.visible;
    this.moveTo(from + ((clientX - left) / width) * (to - from));
    this.#thumb.focus({ preventScroll: true });
  }

  #paint() {
    this.#writeCursor();
    if (this.#lanes === null) return;
    drawLanes(this.#lanes, this.zooming.visible, this.look());
  }
}
