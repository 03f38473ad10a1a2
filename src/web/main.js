/** The dashboard: opens the stream or session that the address names, and shows it in the parts of the page. */
import { openAccount } from './account.js';
import { ConnectionLost, messageOf } from './client.js';
import { find, setText } from './dom.js';
import { isLive, toSentence } from './format.js';
import { openRecordedSession } from './recorded-session.js';
import { createRegisterDialog } from './register-dialog.js';
import { clearSummary } from './session-summary.js';
import { createSessionView } from './session-view.js';
import { createStreamHeader } from './stream-header.js';
import { createStreamList } from './stream-list.js';
import { watchStream } from './watch-stream.js';

/** @import { Connection } from './client.js' */

const ROUTE = /^#\/stream\/([\w-]+)(?:\/session\/([\w-]+))?$/;

await openAccount({
  onLost: (lost) => showConnection({ state: 'lost', ...lost }),
  onProblem: showProblem,
});
showConnection({ state: 'connecting' });
const sessionView = createSessionView();
const streams = createStreamList({ onChange: update });
const streamHeader = createStreamHeader({
  onProblem: showProblem,
  onDone: () => streams.refresh().catch(showProblem),
});
createRegisterDialog({
  onRegistered: (streamId) => {
    location.hash = `#/stream/${streamId}`;
    streams.refresh().catch(showProblem);
  },
});
/** What is open now: the stream, the session (null: the newest), and whether it is watched as it happens. */
let opened = { streamId: '', sessionId: /** @type {string | null} */ (null), live: false, close: () => {} };
addEventListener('hashchange', update);
find('.skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault(); // the link's address would take the place of the stream's
  find('#watch', HTMLElement).focus();
});

/** Opens what the address names, unless it is open already. */
function update() {
  if (!streams.loaded) return;
  const { streamId, sessionId } = readRoute();
  const stream = streamId === null ? null : streams.get(streamId);
  find('#board', HTMLElement).hidden = stream === null;
  find('#nothing', HTMLElement).hidden = stream !== null;
  if (stream === null) return closeCurrent();
  streamHeader.show(stream);
  const live = sessionId === null && isLive(stream.latestSession?.state);
  const same = opened.streamId === stream.id && opened.sessionId === sessionId;
  if (opened.live && !live) showStreamEnded();
  // A stream that was watched until it ended stays as it was seen last; one that starts is watched.
  if (same && (opened.live || !live)) return;
  closeCurrent();
  open(stream, sessionId, live);
}

/**
 * @param {import('./types.js').Stream} stream
 * @param {string | null} sessionId
 * @param {boolean} live
 */
function open(stream, sessionId, live) {
  const listSessions = () => streamHeader.listSessions(stream.id, sessionId).catch(showProblem);
  const page = {
    view: sessionView,
    onConnection: showConnection,
    onProblem: showProblem,
    onNote: showNote,
    onCounts: (/** @type {string} */ sentence) => setText(find('#counts', HTMLElement), sentence),
    onSession: listSessions,
  };
  find('#now', HTMLElement).hidden = !live;
  streams.select(stream.id);
  listSessions();
  const recorded = sessionId ?? stream.latestSession?.id;
  const start = () => {
    if (live) return watchStream(stream, page);
    return recorded ? openRecordedSession(recorded, page) : showConnection({ state: 'ended' });
  };
  opened = { streamId: stream.id, sessionId, live, close: start() ?? (() => {}) };
}

function closeCurrent() {
  opened.close();
  opened = { streamId: '', sessionId: null, live: false, close: () => {} };
  sessionView.open(null);
  clearSummary();
  streams.select(null);
  showProblem(null);
  showNote('');
}

/** @returns {{ streamId: string | null, sessionId: string | null }} */
function readRoute() {
  const [, streamId = null, sessionId = null] = ROUTE.exec(location.hash) ?? [];
  if (streamId !== null && streams.get(streamId) !== null) return { streamId, sessionId };
  return { streamId: streams.first()?.id ?? null, sessionId: null };
}

/** @param {Connection | { state: 'recorded' }} connection */
function showConnection(connection) {
  const place = find('#connection', HTMLElement);
  // This line reports the lost connection, and what failed because of it is retried.
  if ((place.dataset.state === 'lost') !== (connection.state === 'lost')) showProblem(null);
  place.dataset.state = connection.state;
  setText(place, connectionSentence(connection));
}

/** The connection to a stream that has ended stays open, and waits for the next session. */
function showStreamEnded() {
  if (find('#connection', HTMLElement).dataset.state === 'live') showConnection({ state: 'ended' });
}

/** @param {Connection | { state: 'recorded' }} connection */
function connectionSentence(connection) {
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
  setText(place, problem === null ? '' : toSentence(messageOf(problem)));
}

/** @param {string} sentence */
function showNote(sentence) {
  const place = find('#note', HTMLElement);
  place.hidden = sentence === '';
  setText(place, sentence);
}
