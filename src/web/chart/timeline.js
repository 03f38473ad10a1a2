/**
 * The samples that the timeline draws; those that have left its visible span are dropped. Live moments become samples, and
 * recorded ones come before them. Sessions of one stream follow one another on one axis.
 */
import { EXPRESSIONS } from '../format.js';

/** @import { Face, Moment, Probability } from '../types.js' */

/** Drawn between two sessions: how much media time passed between them is unknown. */
const SESSION_GAP_SECONDS = 1;
/** A sample lasts until the next one of its face, unless that comes later than both of these. */
const JOINED_STEPS = 3;
const JOINED_SECONDS = 1;
/** A face that was not seen for so long loses its row to another that needs one. */
const STALE_SECONDS = 5;

/**
 * @typedef {object} Sample
 * @property {number} at seconds on the axis
 * @property {number} until seconds on the axis
 * @property {number[]} probabilities in the order of EXPRESSIONS
 * @property {number} abstained share of the readings without a label, 0 to 1
 * @property {number} valence
 * @property {number} arousal
 */
/** @typedef {{ key: string, track: number, sessionId: string, samples: Sample[] }} Row */
/** @typedef {{ sessionId: string, base: number, start: number, end: number }} Section times on the axis */

export class Timeline {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Section[]} */
  #sections = [];

  /** @param {{ span: number, maxRows: number, step?: number }} options seconds kept, and between moments */
  constructor({ span, maxRows, step = 0.1 }) {
    this.span = span;
    this.maxRows = maxRows;
    this.step = step;
    /** How many faces of the newest moment have no row. */
    this.facesWithoutRow = 0;
  }

  get end() {
    return this.#sections.at(-1)?.end ?? 0;
  }

  /** Where the visible span begins, in seconds on the axis. */
  get start() {
    return this.end - this.span;
  }

  /** @returns {readonly Section[]} */
  get sections() {
    return this.#sections;
  }

  /** Rows of the newest session first; within a session, in the order in which the faces appeared. */
  get rows() {
    const order = new Map(this.#sections.map(({ sessionId }, index) => [sessionId, index]));
    const sessionIndex = (/** @type {Row} */ { sessionId }) => order.get(sessionId) ?? -1;
    return [...this.#rows.values()].sort((one, other) => sessionIndex(other) - sessionIndex(one));
  }

  /** @param {Moment} moment */
  add({ sessionId, mediaTime, faces }) {
    const section = this.#findOrAddSection(sessionId, mediaTime);
    const at = section.base + mediaTime;
    section.end = Math.max(section.end, at);
    this.facesWithoutRow = 0;
    for (const face of faces) {
      const row = this.#findOrAddRow(sessionId, face.track, at);
      if (row) appendSample(row, sampleOfFace(face, at, this.step), this.step);
      else this.facesWithoutRow += 1;
    }
    this.#dropInvisible();
  }

  /**
   * Adds what was recorded of a face before the live moments, oldest first. Samples of a session that has left the
   * visible span meanwhile come too late, and are left out.
   * @param {string} sessionId
   * @param {number} track
   * @param {readonly Sample[]} recorded in media time
   */
  addRecorded(sessionId, track, recorded) {
    const [first] = recorded;
    const isKnown = this.#sections.some((section) => section.sessionId === sessionId);
    if (first === undefined || (this.#sections.length > 0 && !isKnown)) return;
    const section = this.#findOrAddSection(sessionId, first.at);
    const row = this.#findOrAddRow(sessionId, track, section.base + first.at);
    if (row === null) return;
    const [next] = row.samples;
    const samples = recorded.map((sample) => ({
      ...{ ...sample, at: section.base + sample.at, until: section.base + sample.until },
    }));
    // Live moments that have arrived meanwhile are finer: what was recorded ends where they begin.
    const before = samples.filter(({ at }) => next === undefined || at < next.at);
    const last = before.at(-1);
    if (last && next) last.until = Math.min(last.until, next.at);
    row.samples.unshift(...before);
    section.start = Math.min(section.start, section.base + first.at);
    if (next === undefined) section.end = Math.max(section.end, ...samples.map(({ until }) => until));
    this.#dropInvisible();
  }

  /**
   * @param {string} sessionId
   * @param {number} mediaTime
   * @returns {Section}
   */
  #findOrAddSection(sessionId, mediaTime) {
    const known = this.#sections.find((section) => section.sessionId === sessionId);
    if (known) return known;
    const start = this.#sections.length === 0 ? mediaTime : this.end + SESSION_GAP_SECONDS;
    const section = { sessionId, base: start - mediaTime, start, end: start };
    this.#sections.push(section);
    return section;
  }

  /**
   * The row of a face, made when it has none; null when all rows are in use.
   * @param {string} sessionId
   * @param {number} track
   * @param {number} at
   * @returns {Row | null}
   */
  #findOrAddRow(sessionId, track, at) {
    const key = `${sessionId} ${track}`;
    const known = this.#rows.get(key);
    if (known) return known;
    if (this.#rows.size >= this.maxRows && !this.#removeStaleRow(at)) return null;
    /** @type {Row} */
    const row = { key, track, sessionId, samples: [] };
    this.#rows.set(key, row);
    return row;
  }

  /** Removes the row that was longest unseen, if its face is stale. @param {number} at @returns {boolean} whether it did */
  #removeStaleRow(at) {
    const newest = (/** @type {Row} */ { samples }) => samples.at(-1)?.until ?? 0;
    const [stalest] = this.rows.sort((one, other) => newest(one) - newest(other));
    if (stalest === undefined || newest(stalest) > at - STALE_SECONDS) return false;
    return this.#rows.delete(stalest.key);
  }

  #dropInvisible() {
    const { start } = this;
    for (const row of this.#rows.values()) {
      const gone = row.samples.findIndex(({ until }) => until > start);
      if (gone === -1) this.#rows.delete(row.key);
      else if (gone > 0) row.samples.splice(0, gone);
    }
    while (this.#sections.length > 1 && /** @type {Section} */ (this.#sections[0]).end < start)
      this.#sections.shift();
  }
}

/**
 * @param {Row} row
 * @param {Sample} sample
 * @param {number} step
 */
function appendSample({ samples }, sample, step) {
  const last = samples.at(-1);
  if (last && sample.at - last.at <= Math.max(JOINED_SECONDS, JOINED_STEPS * step)) last.until = sample.at;
  samples.push(sample);
}

/**
 * @param {Face} face
 * @param {number} at
 * @param {number} step
 * @returns {Sample}
 */
function sampleOfFace({ probabilities, expression, valence, arousal }, at, step) {
  return {
    ...{ at, until: at + step, probabilities: inExpressionOrder(probabilities) },
    ...{ abstained: expression === null ? 1 : 0, valence, arousal },
  };
}

/** @param {readonly Probability[]} probabilities */
export function inExpressionOrder(probabilities) {
  const found = new Map(probabilities.map(({ expression, probability }) => [expression, probability]));
  return EXPRESSIONS.map((expression) => found.get(expression) ?? 0);
}

/**
 * Track numbers are of one session only: the same number in an earlier session is another face.
 * @param {Row} row
 * @param {Timeline} timeline
 */
export function rowName({ track, sessionId }, { sections }) {
  const name = `Track ${track}`;
  return sections.at(-1)?.sessionId === sessionId ? name : `${name} of the session before`;
}
