/**
 * The visible stretch of the timeline: what is drawn, and nothing else is kept. Live moments and stored buckets
 * become the same samples. Sessions of one stream are laid one behind the other on one axis.
 */
import { EXPRESSIONS } from './format.js';

/** @import { Bucket, Face, Moment, Probability } from './types.js' */

/** Between sessions, in seconds: nobody knows how long it was in media time. */
const SESSION_GAP_SECONDS = 1;
/** A sample lasts until the next one of its face, unless that comes later than so many steps or seconds. */
const JOINED_STEPS = 3;
const JOINED_SECONDS = 1;
/** A face unseen for so many seconds gives its row to another. */
const STALE_SECONDS = 5;

/**
 * @typedef {object} Sample
 * @property {number} at seconds on the axis
 * @property {number} until
 * @property {number[]} probabilities in the order of EXPRESSIONS
 * @property {number} abstained share of the readings without a label, 0 to 1
 * @property {number} valence
 * @property {number} arousal
 */
/** @typedef {{ key: string, track: number | null, sessionId: string, samples: Sample[] }} Row */
/** @typedef {{ sessionId: string, base: number, start: number, end: number }} Section times on the axis */

export class Timeline {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Section[]} */
  #sections = [];

  /** @param {{ span: number, maxRows: number, step?: number }} options seconds kept (Infinity: all), and between moments */
  constructor({ span, maxRows, step = 0.1 }) {
    this.span = span;
    this.maxRows = maxRows;
    this.step = step;
    /** Faces of the newest moment for which there is no row. */
    this.hidden = 0;
  }

  get end() {
    return this.#sections.at(-1)?.end ?? 0;
  }

  /** Where the visible stretch begins. */
  get start() {
    if (this.span === Number.POSITIVE_INFINITY) return this.#sections[0]?.start ?? 0;
    return this.end - this.span;
  }

  /** @returns {readonly Section[]} */
  get sections() {
    return this.#sections;
  }

  /** Those of the newest session first; within it, in the order in which the faces appeared. */
  get rows() {
    const order = new Map(this.#sections.map(({ sessionId }, index) => [sessionId, index]));
    const place = (/** @type {Row} */ { sessionId }) => order.get(sessionId) ?? -1;
    return [...this.#rows.values()].sort((one, other) => place(other) - place(one));
  }

  /** @param {Moment} moment */
  add({ sessionId, mediaTime, faces }) {
    const section = this.#sectionOf(sessionId, mediaTime);
    const at = section.base + mediaTime;
    section.end = Math.max(section.end, at);
    this.hidden = 0;
    for (const face of faces) {
      const row = this.#rowOf(sessionId, face.track, at);
      if (row) append(row, sampleOf(face, at, this.step), this.step);
      else this.hidden += 1;
    }
    this.#prune();
  }

  /**
   * What was before the page came: buckets of one face, or of all (null), oldest first.
   * @param {string} sessionId
   * @param {number | null} track
   * @param {readonly Bucket[]} buckets
   */
  addBuckets(sessionId, track, buckets) {
    const [first] = buckets;
    if (first === undefined) return;
    const section = this.#sectionOf(sessionId, first.start);
    const row = this.#rowOf(sessionId, track, section.base + first.start);
    if (row === null) return;
    const [next] = row.samples;
    const samples = buckets.flatMap((bucket) => sampleOfBucket(bucket, section.base));
    // What has come live meanwhile is finer: buckets end where it begins.
    const before = samples.filter(({ at }) => next === undefined || at < next.at);
    const last = before.at(-1);
    if (last && next) last.until = Math.min(last.until, next.at);
    row.samples.unshift(...before);
    section.start = Math.min(section.start, section.base + first.start);
    if (next === undefined) section.end = Math.max(section.end, ...samples.map(({ until }) => until));
    this.#prune();
  }

  /**
   * @param {string} sessionId
   * @param {number} mediaTime
   * @returns {Section}
   */
  #sectionOf(sessionId, mediaTime) {
    const known = this.#sections.find((section) => section.sessionId === sessionId);
    if (known) return known;
    const start = this.#sections.length === 0 ? mediaTime : this.end + SESSION_GAP_SECONDS;
    const section = { sessionId, base: start - mediaTime, start, end: start };
    this.#sections.push(section);
    return section;
  }

  /**
   * The row of a face; null when there is none, and all others are in use.
   * @param {string} sessionId
   * @param {number | null} track
   * @param {number} at
   * @returns {Row | null}
   */
  #rowOf(sessionId, track, at) {
    const key = `${sessionId} ${track ?? 'all'}`;
    const known = this.#rows.get(key);
    if (known) return known;
    if (this.#rows.size >= this.maxRows && !this.#giveWay(at)) return null;
    /** @type {Row} */
    const row = { key, track, sessionId, samples: [] };
    this.#rows.set(key, row);
    return row;
  }

  /** Whether a face that has not been seen for a while made room. @param {number} at */
  #giveWay(at) {
    const newest = (/** @type {Row} */ { samples }) => samples.at(-1)?.until ?? 0;
    const [stalest] = this.rows.sort((one, other) => newest(one) - newest(other));
    if (stalest === undefined || newest(stalest) > at - STALE_SECONDS) return false;
    return this.#rows.delete(stalest.key);
  }

  #prune() {
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
function append({ samples }, sample, step) {
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
function sampleOf({ probabilities, expression, valence, arousal }, at, step) {
  return {
    ...{ at, until: at + step, probabilities: ordered(probabilities) },
    ...{ abstained: expression === null ? 1 : 0, valence, arousal },
  };
}

/**
 * @param {Bucket} bucket
 * @param {number} base
 * @returns {Sample[]} none when there was no face
 */
function sampleOfBucket({ start, end, probabilities, faces, abstained, valence, arousal }, base) {
  if (probabilities === null || faces === 0) return [];
  return [
    {
      ...{ at: base + start, until: base + end, probabilities: ordered(probabilities) },
      ...{ abstained: abstained / faces, valence: valence ?? 0, arousal: arousal ?? 0 },
    },
  ];
}

/** @param {readonly Probability[]} probabilities */
function ordered(probabilities) {
  const found = new Map(probabilities.map(({ expression, probability }) => [expression, probability]));
  return EXPRESSIONS.map((expression) => found.get(expression) ?? 0);
}
