/** The line that tells how the page stands with the server, and what is told below it: a problem, and a note. */
import { ConnectionLost, messageOf } from '../client.js';
import { toSentence } from '../format.js';
import { find, setText, showText } from './dom.js';

/** @import { Connection } from '../client.js' */

/** `connected`: the server is there, and nothing is watched. @typedef {Connection | { state: 'recorded' | 'connected' }} Shown */

/** Whoever watches tells of their own connection; elsewhere the one by which the list hears of changes is told. */
const OWN = ['live', 'catching up', 'lost'];

export function createConnectionLine() {
  /** @type {Shown} */
  let shown = { state: 'connecting' };
  /** @type {Shown} */
  let ofList = shown;
  const write = () => {
    const told = ofList.state === 'lost' && !OWN.includes(shown.state) ? ofList : shown;
    const place = find('#connection', HTMLElement);
    // This line reports the lost connection, and what failed because of it is retried.
    if ((place.dataset.state === 'lost') !== (told.state === 'lost')) showProblem(null);
    place.dataset.state = told.state;
    setText(place, sentence(told));
  };
  return {
    /** @param {Shown} connection of what is open */
    show(connection) {
      shown = connection;
      write();
    },
    /** @param {Shown} connection by which the list hears of changes */
    showOfList(connection) {
      ofList = connection;
      write();
    },
    /** The connection to a stream that has ended stays open, and waits for the next session. */
    showStreamEnded() {
      if (shown.state === 'live') this.show({ state: 'ended' });
    },
  };
}

/** @param {Shown} connection */
function sentence(connection) {
  if (connection.state === 'ended') return 'not running';
  if (connection.state !== 'lost') return connection.state;
  return `connection lost: ${connection.reason}. Trying again; what is missed meanwhile comes then.`;
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
