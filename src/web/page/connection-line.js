/** The line that tells how the page stands with the server, and what is told below it: a problem, and a note. */
import { ConnectionLost, messageOf } from '../client.js';
import { toSentence, withinSentence } from '../format.js';
import { find, setText, showText } from './dom.js';

/** @import { Connection } from '../client.js' */

/**
 * `connected`: the server is there, and nothing is watched; `stopped`: it is not tried again.
 * @typedef {Connection | { state: 'recorded' | 'connected' | 'signed out' } | { state: 'stopped', reason: string }} Shown
 */

const BROKEN = ['lost', 'stopped'];
/** As long as the connection to what is watched stands. */
const STANDING = ['live', 'catching up'];
/** Whoever watches tells of their own connection; elsewhere the one by which the list hears of changes is told. */
const OWN = [...STANDING, ...BROKEN];

/**
 * @typedef {object} LineState
 * @property {Shown} shown of what is open
 * @property {Shown} ofList by which the list hears of changes
 * @property {boolean} hasEnded what is watched
 * @property {boolean} isSignedOut
 */

export function createConnectionLine() {
  /** @type {Shown} */
  const first = { state: 'connecting' };
  /** @type {LineState} */
  const state = { shown: first, ofList: first, hasEnded: false, isSignedOut: false };
  const change = (/** @type {Partial<LineState>} */ changes) => {
    const told = tell(Object.assign(state, changes));
    const place = find('#connection', HTMLElement);
    // This line reports the lost connection, and what failed because of it is retried.
    if ((place.dataset.state === 'lost') !== (told.state === 'lost')) showProblem(null);
    place.dataset.state = told.state;
    setText(place, sentence(told));
  };
  return {
    show: (/** @type {Shown} */ shown) => change({ shown }),
    showOfList: (/** @type {Shown} */ ofList) => change({ ofList }),
    /** The connection to a stream that has ended stays open, and waits for the next session. @param {boolean} hasEnded */
    setEnded: (hasEnded) => change({ hasEnded }),
    /** For good: what else is told afterwards only follows from it. */
    showSignedOut: () => change({ isSignedOut: true }),
  };
}

/** @param {LineState} state @returns {Shown} */
function tell({ shown, ofList, hasEnded, isSignedOut }) {
  if (isSignedOut) return { state: 'signed out' };
  if (BROKEN.includes(ofList.state) && !OWN.includes(shown.state)) return ofList;
  return hasEnded && STANDING.includes(shown.state) ? { state: 'ended' } : shown;
}

/** @param {Shown} connection */
function sentence(connection) {
  if (connection.state === 'ended') return 'not running';
  if (connection.state === 'stopped')
    return `not connected any more: ${withinSentence(connection.reason)}. Reload the page to try again.`;
  if (connection.state !== 'lost') return connection.state;
  return `connection lost: ${withinSentence(connection.reason)}. Trying again; what is missed meanwhile comes then.`;
}

/** @param {boolean} isTaken whether what happens comes by event streams, because no WebSocket opens */
export function showFallback(isTaken) {
  find('#event-streams', HTMLElement).hidden = !isTaken;
}

/** @param {unknown} problem null: none any more */
export function showProblem(problem) {
  const { state } = find('#connection', HTMLElement).dataset;
  // The line above says so already, and for how long.
  if (problem instanceof ConnectionLost && state === 'lost') return;
  showText(find('#problem', HTMLElement), problem === null ? '' : toSentence(messageOf(problem)));
}

/** @param {string} sentence */
export function showNote(sentence) {
  showText(find('#note', HTMLElement), sentence);
}
