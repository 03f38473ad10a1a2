/** The visible stretch of the chart: zoomed by wheel, pinch and double click, panned by dragging, and both by whoever calls. */
import { select } from 'd3-selection';
import { zoom, zoomIdentity } from 'd3-zoom';
import { holds, zoomed } from './resolution.js';

/** @import { Stretch } from './resolution.js' */

/** Seconds across the chart when it is zoomed in as far as it goes: a few moments. */
const SHORTEST = 0.5;
/** Of the width, by one step sideways of a wheel. */
const WHEEL_PAN = 1 / 800;

export class Zooming {
  #whole = { from: 0, to: 1 };
  #visible = { from: 0, to: 1 };
  #width = 1;
  #plot;
  #target;
  /** @type {import('d3-zoom').ZoomBehavior<HTMLElement, unknown>} */
  #behaviour = zoom();

  /**
   * @param {HTMLElement} plot
   * @param {(visible: Stretch) => void} onChange
   */
  constructor(plot, onChange) {
    this.#plot = plot;
    this.#target = /** @type {import('d3-selection').Selection<HTMLElement, unknown, null, undefined>} */ (
      select(plot)
    );
    this.#behaviour
      // A screen may be touched, or come to be, whatever the browser said at first.
      .touchable(() => true)
      .filter((/** @type {MouseEvent} */ event) => !event.button && !isOwnControl(event.target))
      .on('zoom', ({ transform }) => {
        this.#visible = zoomed(this.#whole, { k: transform.k, shift: transform.x / this.#width });
        onChange(this.#visible);
      });
    plot.addEventListener('wheel', (event) => this.#panByWheel(event), { passive: false, capture: true });
    this.#target.call(this.#behaviour);
    new ResizeObserver(() => this.#measure()).observe(plot);
  }

  get visible() {
    return this.#visible;
  }

  get whole() {
    return this.#whole;
  }

  /** Begins with all of a session. @param {Stretch} whole */
  open(whole) {
    [this.#whole, this.#visible] = [whole, whole];
    this.#measure();
  }

  /** Goes on with what is visible of a session that has grown: all of it where that was all. @param {Stretch} whole */
  grow(whole) {
    if (holds(this.#visible, this.#whole)) return this.open(whole);
    this.#whole = whole;
    this.#measure();
  }

  /** @param {Stretch} stretch */
  show({ from, to }) {
    const { from: first, to: last } = this.#whole;
    const all = last - first;
    const seconds = Math.min(all, Math.max(to - from, Math.min(SHORTEST, all)));
    const start = Math.max(first, Math.min((from + to - seconds) / 2, last - seconds));
    const transform = zoomIdentity
      .translate((-(start - first) / seconds) * this.#width, 0)
      .scale(all / seconds);
    this.#target.call(this.#behaviour.transform, transform);
  }

  /** @param {number} share of the visible stretch; negative: to earlier times */
  pan(share) {
    const { from, to } = this.#visible;
    const by = (to - from) * share;
    this.show({ from: from + by, to: to + by });
  }

  /** @param {number} factor greater than 1: closer @param {number} [around] a time that keeps its place */
  zoomBy(factor, around = (this.#visible.from + this.#visible.to) / 2) {
    const { from, to } = this.#visible;
    const at = Math.max(from, Math.min(around, to));
    this.show({ from: at - (at - from) / factor, to: at + (to - at) / factor });
  }

  /** Pans as little as shows a time. @param {number} at */
  reveal(at) {
    const { from, to } = this.#visible;
    const margin = (to - from) / 10;
    if (at < from) this.show({ from: at - margin, to: at - margin + to - from });
    else if (at > to) this.show({ from: at + margin - to + from, to: at + margin });
  }

  /** A wheel that is turned sideways, or with Shift, pans; d3-zoom knows it as zooming only. @param {WheelEvent} event */
  #panByWheel(event) {
    const aside = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX;
    if (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.pan(aside * WHEEL_PAN);
  }

  #measure() {
    if (this.#plot.clientWidth === 0) return;
    this.#width = this.#plot.clientWidth;
    /** @type {[[number, number], [number, number]]} */
    const extent = [
      [0, 0],
      [this.#width, 1],
    ];
    this.#behaviour
      .extent(extent)
      .translateExtent(extent)
      .scaleExtent([1, Math.max(1, (this.#whole.to - this.#whole.from) / SHORTEST)]);
    this.show(this.#visible);
  }
}

/** @param {EventTarget | null} target */
function isOwnControl(target) {
  return target instanceof Element && target.closest('button, [role=slider]') !== null;
}
