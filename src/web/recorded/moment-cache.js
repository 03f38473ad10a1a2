/** Recorded moments with all that the stage shows, read some seconds at a time, and kept as long as they may be wanted again. */
import { mayPass } from '../client.js';
import { mien } from '../graphql-client.js';
import { createOwnProblem } from '../page/own-problem.js';
import { STAGE } from './documents.js';
import { stillThere } from './read-recording.js';

/** @import { StageMoment } from './types.js' */

/** Seconds that are read at once, and how many such parts are kept. */
const PART_SECONDS = 5;
const MOST_PARTS = 24;
/** The shortest part, where frames come so often that the answer for a longer one would be more than a page. */
const LEAST_SECONDS = 0.25;
/** Milliseconds until what failed is asked for again. */
const RETRY_MS = 5000;
/** A moment stands no longer than this many of the steps that it took to come, if nothing tells better. */
const STANDS_STEPS = 1.5;

/** @typedef {{ moment: StageMoment, next: StageMoment | null }} Standing */

export class MomentCache {
  /** @type {Map<number, StageMoment[] | null>} null: it is being read */
  #parts = new Map();
  #sessionId = '';
  #seconds = PART_SECONDS;
  #reading = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onRead;
  #problem;

  /**
   * @param {object} tell
   * @param {() => void} tell.onRead something that was wanted has come, or is to be asked for again
   * @param {(problem: unknown) => void} tell.onProblem null: it is over
   */
  constructor({ onRead, onProblem }) {
    this.#onRead = onRead;
    this.#problem = createOwnProblem(onProblem);
  }

  /** @param {string} id */
  open(id) {
    this.#clear();
    [this.#sessionId, this.#seconds] = [id, PART_SECONDS];
  }

  /** Forgets what may have grown: what is not whole yet, and what lies behind a time. @param {number} since */
  grow(since) {
    this.#reading.abort();
    clearTimeout(this.#timer);
    this.#reading = new AbortController();
    for (const [part, moments] of this.#parts)
      if (moments === null || (part + 1) * this.#seconds > since) this.#parts.delete(part);
  }

  #clear() {
    this.grow(Number.NEGATIVE_INFINITY);
  }

  /** Asks for nothing more. */
  close() {
    this.#sessionId = '';
    this.#clear();
  }

  /** Whether the moments of a time are here. @param {number} time */
  knows(time) {
    return Array.isArray(this.#parts.get(Math.floor(time / this.#seconds)));
  }

  /**
   * The moment that stands at a time, and the one behind it.
   * @param {number} time
   * @returns {Standing | null} null: none does, or it is not known yet
   */
  at(time) {
    const moments = this.#around(time);
    const index = moments.findLastIndex(({ mediaTime }) => mediaTime <= time + 5e-4);
    const moment = moments[index];
    if (moment === undefined) return null;
    const next = moments[index + 1] ?? null;
    const stands = next?.previousDuration || STANDS_STEPS * (moment.previousDuration || 0.1);
    return time - moment.mediaTime <= stands + 1e-3 ? { moment, next } : null;
  }

  /** The moment before or behind a time; null: none is, or what is around that time is not known yet. @param {number} time @param {1 | -1} direction */
  beside(time, direction) {
    const moments = this.#around(time);
    // Of those further away none is the next.
    if (!this.knows(time)) return null;
    if (direction === 1) return moments.find(({ mediaTime }) => mediaTime > time + 1e-3) ?? null;
    return moments.findLast(({ mediaTime }) => mediaTime < time - 1e-3) ?? null;
  }

  /** What is known around a time, oldest first; what is not is asked for. @param {number} time */
  #around(time) {
    if (this.#sessionId === '') return [];
    const part = Math.floor(time / this.#seconds);
    const near = [part, part + 1, part - 1].filter((one) => one >= 0);
    for (const one of near) if (!this.#parts.has(one)) void this.#read(one);
    return near.sort((a, b) => a - b).flatMap((one) => this.#parts.get(one) ?? []);
  }

  /** @param {number} part */
  async #read(part) {
    const { signal } = this.#reading;
    this.#parts.set(part, null);
    try {
      const range = { media: { from: part * this.#seconds, to: (part + 1) * this.#seconds } };
      /** @type {{ session: { timeline: { nodes: StageMoment[], pageInfo: { hasNextPage: boolean } } } | null }} */
      const answer = await mien.request(STAGE, { id: this.#sessionId, range }, { signal });
      if (signal.aborted) return;
      const { nodes, pageInfo } = stillThere(answer.session).timeline;
      this.#problem.over();
      if (pageInfo.hasNextPage && this.#seconds > LEAST_SECONDS) this.#halve();
      else this.#keep(part, nodes);
    } catch (problem) {
      if (signal.aborted) return;
      this.#problem.tell(problem);
      if (!mayPass(problem)) return;
      // Until then it counts as being read: each picture of the page would ask for it.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#retry(), RETRY_MS);
    }
  }

  /** @param {number} part @param {StageMoment[]} moments */
  #keep(part, moments) {
    this.#parts.delete(part);
    this.#parts.set(part, moments);
    if (this.#parts.size > MOST_PARTS)
      this.#parts.delete(/** @type {number} */ (this.#parts.keys().next().value));
    this.#onRead();
  }

  #retry() {
    for (const [part, moments] of this.#parts) if (moments === null) this.#parts.delete(part);
    this.#onRead();
  }

  #halve() {
    this.#seconds /= 2;
    this.#clear();
    this.#onRead();
  }
}
