/** Reads what the chart shows, as finely as it shows it: at first all of the session, then what is visible, when that rests. */
import { mayPass } from '../client.js';
import { createOwnProblem } from '../page/own-problem.js';
import { readLanes } from './lanes.js';
import { holds, resolutionOf, withMargin } from './resolution.js';

/** @import { Lanes } from './lanes.js' */
/** @import { Recording } from './types.js' */
/** @import { Stretch } from './resolution.js' */

/** Milliseconds in which the chart must not move before it is read anew, and until what failed is tried again. */
const REST_MS = 120;
const RETRY_MS = 5000;

export class LaneLoader {
  /** @type {Recording | null} */
  #recording = null;
  /** @type {Stretch} */
  #whole = { from: 0, to: 1 };
  /** All of the session, for where nothing finer was read yet. @type {Lanes | null} */
  #coarse = null;
  /** What is shown, and of which reading of the session it is. @type {{ lanes: Lanes, recording: Recording } | null} */
  #shown = null;
  /** Of all of the session; and of what is visible, which a movement of the chart breaks off. */
  #readingWhole = new AbortController();
  #refining = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onLanes;
  #problem;

  /**
   * @param {object} tell
   * @param {(lanes: Lanes) => void} tell.onLanes
   * @param {(problem: unknown) => void} tell.onProblem null: it is over
   */
  constructor({ onLanes, onProblem }) {
    this.#onLanes = onLanes;
    this.#problem = createOwnProblem(onProblem);
  }

  /**
   * Reads all of it, and what is visible of it then.
   * @param {Recording} recording
   * @param {Stretch} whole
   * @param {() => Stretch} visible
   * @throws what went wrong with all of it
   */
  async open(recording, whole, visible) {
    this.#readingWhole.abort();
    this.#readingWhole = new AbortController();
    const { signal } = this.#readingWhole;
    const lanes = await this.#read(recording, whole, signal).catch((problem) => {
      if (!signal.aborted) throw problem;
    });
    if (lanes === undefined || signal.aborted) return;
    [this.#recording, this.#whole, this.#coarse] = [recording, whole, lanes];
    if (this.#shown === null || isFine(lanes, recording, visible())) this.#show(lanes, recording);
    if (this.#isFine(recording, visible())) {
      this.#stopRefining();
      this.#problem.over();
    } else await this.#refine(recording, visible(), this.#stopRefining());
  }

  /** @param {Stretch} visible */
  want(visible) {
    const recording = this.#recording;
    if (recording === null || this.#coarse === null) return;
    // Also where what is shown is fine enough: what was asked for before would show another stretch.
    const signal = this.#stopRefining();
    if (this.#isFine(recording, visible)) return this.#problem.over();
    // The session has grown beyond this reading of it: who told the chart so opens it anew.
    if (!holds(this.#whole, visible)) return;
    if (this.#shown !== null && !holds(this.#shown.lanes.stretch, visible))
      this.#show(this.#coarse, recording);
    this.#timer = setTimeout(() => void this.#refine(recording, visible, signal), REST_MS);
  }

  close() {
    this.#readingWhole.abort();
    this.#stopRefining();
    this.#problem.over();
    [this.#recording, this.#coarse, this.#shown] = [null, null, null];
  }

  /** @param {Recording} recording @param {Stretch} visible @param {AbortSignal} signal */
  async #refine(recording, visible, signal) {
    try {
      const stretch = withMargin(visible, this.#whole, rateOf(recording));
      const lanes = await this.#read(recording, stretch, signal);
      if (signal.aborted) return;
      this.#show(lanes, recording);
      this.#problem.over();
    } catch (problem) {
      if (signal.aborted) return;
      this.#problem.tell(problem);
      if (!mayPass(problem)) return;
      this.#timer = setTimeout(() => void this.#refine(recording, visible, signal), RETRY_MS);
    }
  }

  /** @param {Recording} recording @param {Stretch} stretch @param {AbortSignal} signal */
  #read(recording, stretch, signal) {
    return readLanes(recording, stretch, resolutionOf(stretch.to - stretch.from, rateOf(recording)), signal);
  }

  /** @param {Lanes} lanes @param {Recording} recording */
  #show(lanes, recording) {
    this.#shown = { lanes, recording };
    this.#onLanes(lanes);
  }

  /** Whether what is shown is as fine and as new as it would be if it were read for this. @param {Recording} recording @param {Stretch} visible */
  #isFine(recording, visible) {
    return this.#shown?.recording === recording && isFine(this.#shown.lanes, recording, visible);
  }

  /** @returns {AbortSignal} of the next one */
  #stopRefining() {
    this.#refining.abort();
    clearTimeout(this.#timer);
    this.#refining = new AbortController();
    return this.#refining.signal;
  }
}

/** Whether lanes are as fine as they would be if they were read for this. @param {Lanes} lanes @param {Recording} recording @param {Stretch} visible */
function isFine({ stretch, expired, resolution }, recording, visible) {
  if (!holds(stretch, visible)) return false;
  if (expired) return true;
  const wanted = resolutionOf(2 * (visible.to - visible.from), rateOf(recording)).bucket ?? 0;
  return (resolution.bucket ?? 0) <= wanted;
}

/** Moments a second. @param {Recording} recording */
function rateOf({ summary, stream }) {
  return summary.seconds > 0 ? summary.frames / summary.seconds : stream.frameRate;
}
