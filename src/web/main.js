/** The dashboard: the address says which stream or session is looked at; the rest follows from it. */
import { createBoard } from './board.js';
import { ConnectionLost } from './client.js';
import { find, write } from './dom.js';
import { isLive, sentence } from './format.js';
import { createHeading } from './heading.js';
import { createRegister } from './register.js';
import { messageOf } from './retry.js';
import { createStreams } from './streams.js';
import { clearSummary } from './summary.js';
import { openRecorded, watchStream } from './watch.js';

/** @import { Connection } from './types.js' */

const ROUTE = /^#\/stream\/([\w-]+)(?:\/session\/([\w-]+))?$/;

const board = createBoard();
const streams = createStreams({ onChange: update });
const heading = createHeading({
  onProblem: showProblem,
  onDone: () => streams.refresh().catch(showProblem),
});
createRegister({
  onRegistered: (streamId) => {
    location.hash = `#/stream/${streamId}`;
    streams.refresh().catch(showProblem);
  },
});
/** What is open now: the stream, the session (null: the newest), and whether it is watched as it happens. */
let opened = { streamId: '', sessionId: /** @type {string | null} */ (null), live: false, close: () => {} };
addEventListener('hashchange', update);

/** Opens what the address names, unless it is open already. */
function update() {
  if (!streams.known) return;
  const { streamId, sessionId } = routeOf();
  const stream = streamId === null ? null : streams.get(streamId);
  find('#board', HTMLElement).hidden = stream === null;
  find('#nothing', HTMLElement).hidden = stream !== null;
  if (stream === null) return leave();
  heading.show(stream);
  const live = sessionId === null && isLive(stream.latestSession?.state);
  const same = opened.streamId === stream.id && opened.sessionId === sessionId;
  showIdle(opened.live && !live);
  // A stream that was watched until it ended stays as it was seen last; one that starts is watched.
  if (same && (opened.live || !live)) return;
  leave();
  open(stream, sessionId, live);
}

/**
 * @param {import('./types.js').Stream} stream
 * @param {string | null} sessionId
 * @param {boolean} live
 */
function open(stream, sessionId, live) {
  const listSessions = () => heading.listSessions(stream.id, sessionId).catch(showProblem);
  const view = {
    board,
    onConnection: showConnection,
    onProblem: showProblem,
    onNote: showNote,
    onCounts: (/** @type {string} */ sentence) => write(find('#counts', HTMLElement), sentence),
    onSession: listSessions,
  };
  find('#now', HTMLElement).hidden = !live;
  streams.choose(stream.id);
  listSessions();
  const recorded = sessionId ?? stream.latestSession?.id;
  const start = () => {
    if (live) return watchStream(stream, view);
    return recorded ? openRecorded(recorded, view) : showConnection({ state: 'ended' });
  };
  opened = { streamId: stream.id, sessionId, live, close: start() ?? (() => {}) };
}

function leave() {
  opened.close();
  opened = { streamId: '', sessionId: null, live: false, close: () => {} };
  board.open(null);
  clearSummary();
  streams.choose(null);
  showProblem(null);
  showNote('');
}

/** @returns {{ streamId: string | null, sessionId: string | null }} */
function routeOf() {
  const [, streamId = null, sessionId = null] = ROUTE.exec(location.hash) ?? [];
  if (streamId !== null && streams.get(streamId) !== null) return { streamId, sessionId };
  return { streamId: streams.first()?.id ?? null, sessionId: null };
}

/** @param {Connection | { state: 'recorded' }} connection */
function showConnection(connection) {
  const place = find('#connection', HTMLElement);
  // What failed for that reason is said by this line, and is tried again.
  if ((place.dataset.state === 'lost') !== (connection.state === 'lost')) showProblem(null);
  place.dataset.state = connection.state;
  write(place, sentenceOf(connection));
}

/** What is connected to a stream that has ended waits for its next session. @param {boolean} idle */
function showIdle(idle) {
  const place = find('#connection', HTMLElement);
  if (idle && place.dataset.state === 'live') showConnection({ state: 'ended' });
}

/** @param {Connection | { state: 'recorded' }} connection */
function sentenceOf(connection) {
  if (connection.state === 'ended') return 'not running';
  if (connection.state !== 'lost') return connection.state;
  return `connection lost: ${connection.reason}. Trying again; what is missed meanwhile comes then.`;
}

/** @param {unknown} problem null: none any more */
function showProblem(problem) {
  const place = find('#problem', HTMLElement);
  const { state } = find('#connection', HTMLElement).dataset;
  // The line above says so already, and for how long.
  if (problem instanceof ConnectionLost && state === 'lost') return;
  place.hidden = problem === null;
  write(place, problem === null ? '' : sentence(messageOf(problem)));
}

/** @param {string} sentence */
function showNote(sentence) {
  const place = find('#note', HTMLElement);
  place.hidden = sentence === '';
  write(place, sentence);
}
