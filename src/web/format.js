/** Writes numbers, times and enum values for people. */

/** @import { Expression, SessionState, Stream } from './types.js' */

/** In the order in which they are stacked and listed. @type {readonly Expression[]} */
export const EXPRESSIONS = [
  'NEUTRAL',
  'HAPPINESS',
  'SURPRISE',
  'SADNESS',
  'ANGER',
  'DISGUST',
  'FEAR',
  'CONTEMPT',
];

/** @type {Record<SessionState, string>} */
const STATES = {
  STARTING: 'starting',
  RUNNING: 'running',
  RECONNECTING: 'source silent, trying again',
  ENDED: 'ended',
  FAILED: 'failed',
  INTERRUPTED: 'interrupted',
};

/** Below this share of the time, what is shown is to be doubted. */
export const LOW_COVERAGE = 0.9;

/** From this part of what a stream asks for on, the server calls it overloaded no more. */
const ON_TIME = 0.9;

/** @type {Record<string, string>} */
const ISSUES = {
  SMALL: 'small',
  BLURRED: 'blurred',
  TURNED: 'turned away',
  COVERED: 'covered',
  DARK: 'dark',
};

/** @type {Record<string, string>} */
const DROPS = {
  BUSY: 'this machine was busy, and newer frames took their place',
  WORKER: 'the thread that scored them died and was replaced',
  STORE: 'the database was away for too long',
  SOURCE: 'the source gave none',
};

/** Null: mien abstained. @param {Expression | null} expression */
export function expressionName(expression) {
  return expression === null ? 'No label' : humanize(expression);
}

/** As it is named where there is room for no word; no two are alike. @param {Expression} expression */
export function expressionLetters(expression) {
  return humanize(expression).slice(0, 2);
}

/** @param {SessionState | null} state null: the stream never ran */
export function stateName(state) {
  return state === null ? 'never started' : STATES[state];
}

/** In which a session has not come to its end. @type {readonly SessionState[]} */
export const LIVE_STATES = ['STARTING', 'RUNNING', 'RECONNECTING'];

/** @param {SessionState | null | undefined} state */
export function isLive(state) {
  return state != null && LIVE_STATES.includes(state);
}

/**
 * Why a session is over, where that is not its own end. An interruption is nobody's failure.
 * @param {{ state: SessionState, failure: string | null }} session
 * @returns {string} a sentence; empty when there is nothing to say
 */
export function endSentence({ state, failure }) {
  if (failure === null) return '';
  if (state === 'INTERRUPTED')
    return `It was interrupted: ${failure.charAt(0).toLowerCase()}${failure.slice(1)}`;
  return state === 'FAILED' ? `It failed: ${failure}` : failure;
}

/** Sources that lie nowhere that can be named. @type {Record<string, string>} */
const UNPLACED = { UPLOAD: 'an uploaded file', PUSH: 'sent to mien' };

/** @param {Stream['source']} source */
export function sourceLabel({ kind, location }) {
  return location ?? UNPLACED[kind] ?? kind.toLowerCase();
}

/** @param {Pick<Stream, 'frameRate' | 'effectiveFrameRate'>} stream */
export function frameRateText({ frameRate, effectiveFrameRate }) {
  if (effectiveFrameRate === null || effectiveFrameRate >= ON_TIME * frameRate)
    return `up to ${frameRate} frames a second`;
  const now = Math.round(effectiveFrameRate * 10) / 10;
  const why = 'this machine is busy, or no more come in time';
  return `scores ${now} of ${frameRate} frames a second: ${why}`;
}

/** @param {string} issue */
export function issueName(issue) {
  return ISSUES[issue] ?? issue.toLowerCase();
}

/** @param {string} reason */
export function dropReason(reason) {
  return DROPS[reason] ?? reason.toLowerCase();
}

/** @param {readonly { frames: number }[]} dropped by their reasons */
export function droppedFrames(dropped) {
  return dropped.reduce((sum, { frames }) => sum + frames, 0);
}

/** Gives a message its capital, unless it begins with an address, and its full stop. @param {string} words */
export function toSentence(words) {
  const begun = /^\w+:\/\//.test(words) ? words : words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** A sentence within another. @param {string} sentence */
export function withinSentence(sentence) {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

/** `MEDIA_ANALYTICS` as “Media analytics”. @param {string} name */
export function humanize(name) {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Never 100 % for what is less than all, nor 0 % for what is more than nothing. @param {number} fraction */
export function percent(fraction) {
  if (fraction > 0 && fraction < 0.01) return '<1 %';
  if (fraction < 1 && fraction >= 0.995) return '>99 %';
  return `${Math.round(fraction * 100)} %`;
}

/** -1 to 1, with its sign. @param {number} value */
export function signed(value) {
  const size = (Math.round(Math.abs(value) * 100) / 100).toFixed(2);
  if (size === '0.00') return size;
  return (value < 0 ? '−' : '+') + size;
}

/** @param {number} seconds as `1:05` or `2:01:05` */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The same with as many parts of a second as it has, to the millisecond: `1:05.4`. @param {number} seconds */
export function preciseClock(seconds) {
  const milliseconds = Math.max(0, Math.round(seconds * 1000));
  const parts = String((milliseconds % 1000) / 1000).slice(1);
  return clock(Math.floor(milliseconds / 1000)) + parts;
}

/** @param {number} seconds as `48 s`, `12 min` or `3.5 h` */
export function duration(seconds) {
  if (seconds === 0) return '0 s';
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Lengths of buckets in seconds that an axis reads well with. */
const BUCKETS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * The length of a bucket in seconds with which a time span has at most so many buckets.
 * @param {number} seconds
 * @param {number} most
 */
export function bucketLength(seconds, most) {
  const fitting = BUCKETS.find((bucket) => seconds / bucket <= most);
  return fitting ?? Math.ceil(seconds / most);
}

/** A name within a sentence, whichever way it is written. @param {string} name */
export function quoted(name) {
  return `“\u2068${name}\u2069”`;
}
