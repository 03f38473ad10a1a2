/** The dashboard: opens the stream or session that the address names, and shows it in the parts of the page. */
import { openAccount } from './account.js';
import { messageOf } from './client.js';
import { isLive } from './format.js';
import { openLiveView } from './live/live-view.js';
import { Preview } from './live/preview.js';
import { OutputsDialog } from './outputs/outputs-dialog.js';
import { createConnectionLine, showNote, showProblem } from './page/connection-line.js';
import { find, setText } from './page/dom.js';
import { keepFocus } from './page/focus.js';
import { placeHelp } from './page/help-popovers.js';
import { streamLink } from './page/route.js';
import { openRecordedSession } from './recorded-session.js';
import { createRegisterDialog } from './register/register-dialog.js';
import { clearSummary } from './session-summary.js';
import { createSessionView } from './session-view.js';
import { showDeadLink } from './streams/dead-link.js';
import { createEmptyState } from './streams/empty-state.js';
import { RoutedStream } from './streams/routed-stream.js';
import { openStatusFeed } from './streams/status-feed.js';
import { createStreamHeader } from './streams/stream-header.js';
import { createStreamList } from './streams/stream-list.js';
import { openWall } from './streams/wall.js';

/** @import { OpenedStream } from './streams/routed-stream.js' */
/** @import { Moment, Stream } from './types.js' */

const TITLES = { dead: 'Not found · mien', wall: 'All that runs · mien', empty: 'mien', looking: 'mien' };
/** As in page.css. */
const NARROW = '(max-width: 48rem)';

const connection = createConnectionLine();
keepFocus();
await openAccount({
  onLost: (lost) => connection.show({ state: 'lost', ...lost }),
  onSignedOut: connection.showSignedOut,
  onProblem: showProblem,
}).catch((problem) => {
  connection.show({ state: 'stopped', reason: messageOf(problem) });
  throw problem;
});
connection.show({ state: 'connecting' });
placeHelp();
const sessionView = createSessionView();
const preview = new Preview({ view: sessionView, onProblem: showProblem });
const list = createStreamList();
const place = new RoutedStream({ known: list.get, onChange: update });
const refresh = async () => {
  await Promise.all([list.refresh(), place.follow()]);
};
const streamHeader = createStreamHeader({
  onProblem: showProblem,
  onDone: () => refresh().catch(showProblem),
});
const outputsDialog = new OutputsDialog({ onProblem: showProblem });
const onRegistered = (/** @type {string} */ streamId) => {
  location.hash = streamLink(streamId);
  list.refresh().catch(showProblem);
};
createEmptyState({ onRegistered, onProblem: showProblem });
createRegisterDialog({
  onProblem: showProblem,
  onRegistered,
});
/** What is open now: the stream, the session (null: the newest, which is which), and whether it is watched as it happens; or the wall. */
const NOTHING_OPEN = {
  ...{
    streamId: '',
    sessionId: /** @type {string | null} */ (null),
    newestId: /** @type {string | null} */ (null),
  },
  ...{ live: false, isWall: false, close: () => {} },
};
let opened = NOTHING_OPEN;
addEventListener('hashchange', () => place.follow().catch(showProblem));
openStatusFeed({
  refresh,
  onStatus: async (status) => {
    place.apply(status);
    // Removed since: who looks at it is told at once.
    if (status.session === null) await refresh();
    else list.apply(status);
  },
  onConnection: connection.showOfList,
  onProblem: list.showProblem,
});
// Where the list stands above the stream, the page goes on to what was chosen.
find('#streams', HTMLElement).addEventListener('click', (event) => {
  const isChosen = event.target instanceof Element && event.target.closest('a') !== null;
  if (isChosen && matchMedia(NARROW).matches) find('#watch', HTMLElement).scrollIntoView();
});
find('.skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault(); // the link's address would take the place of the stream's
  find('#watch', HTMLElement).focus();
});

/** Shows what the address names, unless it is shown already. */
function update() {
  const { current } = place;
  find('#board', HTMLElement).hidden = current.kind !== 'stream';
  find('#nothing', HTMLElement).hidden = current.kind !== 'empty';
  find('#looking', HTMLElement).hidden = current.kind !== 'looking';
  find('#wall', HTMLElement).hidden = current.kind !== 'wall';
  showDeadLink(current.kind === 'dead' ? current.dead : null);
  outputsDialog.follow(current.kind === 'stream' ? current.stream : null);
  if (current.kind === 'stream') return showStream(current);
  document.title = TITLES[current.kind];
  streamHeader.show(null);
  connection.show({ state: current.kind === 'looking' ? 'connecting' : 'connected' });
  if (current.kind === 'wall' && opened.isWall) return;
  closeCurrent();
  preview.offer('', null);
  if (current.kind === 'wall')
    opened = { ...NOTHING_OPEN, isWall: true, close: openWall({ onProblem: showProblem }) };
}

/** @param {OpenedStream} place */
function showStream({ stream, session }) {
  streamHeader.show(stream, session);
  const sessionId = session?.id ?? null;
  const live = sessionId === null && isLive(stream.latestSession?.state);
  const newestId = stream.latestSession?.id ?? null;
  const same = opened.streamId === stream.id && opened.sessionId === sessionId;
  // A stream that was watched until it ended stays as it was seen last; one that starts is watched. What began and ended
  // while nobody looked is the newest now.
  const isOld = live ? !opened.live : sessionId === null && opened.newestId !== newestId;
  if (!same || isOld) {
    closeCurrent();
    open(stream, sessionId, live);
  }
  connection.setEnded(!live);
  opened.newestId = newestId;
  preview.offer(stream.id, live && stream.preview ? (stream.latestSession?.id ?? null) : null);
}

/**
 * @param {Stream} stream
 * @param {string | null} sessionId
 * @param {boolean} live
 */
function open(stream, sessionId, live) {
  const listSessions = () => streamHeader.listSessions().catch(showProblem);
  const page = {
    view: { ...sessionView, show: showMoment },
    onConnection: connection.show,
    onProblem: showProblem,
    onNote: showNote,
    onCounts: (/** @type {string} */ sentence) => setText(find('#counts', HTMLElement), sentence),
    onSession: listSessions,
  };
  find('#now', HTMLElement).hidden = !live;
  list.select(stream.id);
  listSessions();
  const recorded = sessionId ?? stream.latestSession?.id;
  const start = () => {
    if (live) return openLiveView(stream, page);
    return recorded ? openRecordedSession(recorded, page) : connection.show({ state: 'ended' });
  };
  opened = { ...NOTHING_OPEN, streamId: stream.id, sessionId, live, close: start() ?? (() => {}) };
}

/** @param {Moment} moment */
function showMoment(moment) {
  sessionView.show(moment);
  preview.note(moment);
}

function closeCurrent() {
  opened.close();
  preview.offer(opened.streamId, null);
  opened = NOTHING_OPEN;
  sessionView.open(null);
  clearSummary();
  list.select(null);
  showProblem(null);
  showNote('');
}
