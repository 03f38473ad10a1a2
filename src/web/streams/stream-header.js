/** The header above a stream: its name and state, the choice of a session, the buttons that start, stop and remove it. */

import { REMOVE, SESSIONS, START, STOP } from '../documents.js';
import {
  frameRateText,
  humanize,
  isLive,
  quoted,
  sourceLabel,
  stateName,
  withinSentence,
} from '../format.js';
import { mien } from '../graphql-client.js';
import { confirmRemoval, takeBackQuestion } from '../page/confirm-dialog.js';
import { find, setText, showInstead } from '../page/dom.js';
import { streamLink } from '../page/route.js';
import { createEditDialog } from './edit-dialog.js';

/** @import { OpenedSession, SessionListItem, Stream } from '../types.js' */

/**
 * @typedef {object} StreamHeaderOptions
 * @property {(problem: unknown) => void} onProblem null: none any more
 * @property {(stream: Stream) => void} onDone it was started, stopped or removed
 */

/** @param {StreamHeaderOptions} options */
export function createStreamHeader(options) {
  /** @type {Stream | null} */
  let current = null;
  /** The session that the address names. @type {OpenedSession | null} */
  let named = null;
  const currentStream = () => current;
  let listings = 0;
  bindMutation('#start', START, { ...options, currentStream });
  bindMutation('#stop', STOP, { ...options, currentStream });
  const removing = { ...leaving(options, currentStream), currentStream, confirm: askRemoval };
  bindMutation('#remove', REMOVE, removing);
  createEditDialog({ ...options, currentStream });
  const select = find('#sessions', HTMLSelectElement);
  select.addEventListener('change', () => {
    if (current) location.hash = streamLink(current.id, select.value || null);
  });

  return {
    /**
     * @param {Stream | null} stream null: none is shown, and none can be acted on
     * @param {OpenedSession | null} [session] null: the newest
     */
    show(stream, session = null) {
      if (stream?.id !== current?.id) closeDialogs();
      [current, named] = [stream, session];
      if (stream) writeHeader(stream, session);
    },
    /** Lists the sessions of the stream that is shown. */
    async listSessions() {
      const listing = ++listings;
      if (current === null) return;
      /** @type {{ sessions: { nodes: SessionListItem[] } }} */
      const { sessions } = await mien.request(SESSIONS, { streamId: current.id });
      // Another session or stream was opened since: what is listed for that is newer, whichever answer comes first.
      if (listing !== listings) return;
      offerSessions(select, sessions.nodes, named);
    },
  };
}

/**
 * @param {HTMLSelectElement} select
 * @param {SessionListItem[]} newest
 * @param {SessionListItem | null} named is offered too, and chosen
 */
function offerSessions(select, newest, named) {
  const older = newest.some(({ id }) => id === named?.id) ? [] : [named ?? []].flat();
  select.replaceChildren(new Option('Newest', ''), ...[...newest, ...older].map(sessionOption));
  select.value = named?.id ?? '';
}

/**
 * @param {Stream} stream
 * @param {OpenedSession | null} session
 */
function writeHeader(stream, session) {
  setText(find('#title', HTMLElement), stream.name);
  setText(find('#about', HTMLElement), aboutLine(stream, session ?? stream.latestSession));
  // What starts and stops is the stream, which an old session tells nothing of.
  const isOld = session !== null && session.id !== stream.latestSession?.id;
  const running = isLive(stream.latestSession?.state);
  showStartOrStop(find('#start', HTMLElement), find('#stop', HTMLElement), isOld ? null : running);
  const newest = find('#newest', HTMLAnchorElement);
  newest.hidden = !isOld;
  newest.hash = streamLink(stream.id);
  setText(newest, running ? 'It runs now: watch it' : 'To its newest session');
  document.title = `${stream.name} · mien`;
}

/**
 * What was removed is left for another; who has gone elsewhere meanwhile stays there.
 * @param {StreamHeaderOptions} options
 * @param {() => Stream | null} currentStream
 * @returns {StreamHeaderOptions}
 */
function leaving({ onProblem, onDone }, currentStream) {
  const leave = (/** @type {Stream} */ removed) => {
    if (currentStream()?.id === removed.id) location.hash = '';
    onDone(removed);
  };
  return { onProblem, onDone: leave };
}

/**
 * A click on the button sends a mutation of the current stream; clicks until it is answered are ignored.
 * @param {string} selector
 * @param {string} document
 * @param {StreamHeaderOptions & { currentStream: () => Stream | null, confirm?: (stream: Stream) => Promise<boolean> }} options
 */
function bindMutation(selector, document, { currentStream, confirm, onProblem, onDone }) {
  const button = find(selector, HTMLButtonElement);
  button.addEventListener('click', async () => {
    const stream = currentStream();
    if (stream === null || button.ariaBusy === 'true') return;
    // Not disabled, which would take the focus away from who came by keyboard.
    button.ariaBusy = 'true';
    if (confirm === undefined || (await confirm(stream))) {
      onProblem(null);
      await mien.request(document, { id: stream.id }).then(() => onDone(stream), onProblem);
    }
    button.ariaBusy = 'false';
  });
}

/**
 * Shows the one of the two buttons that can be used; a focus on the other moves to it.
 * @param {HTMLElement} start
 * @param {HTMLElement} stop
 * @param {boolean | null} running null: neither can be used here
 */
function showStartOrStop(start, stop, running) {
  const [shown, gone] = running ? [stop, start] : [start, stop];
  if (running === null) [shown.hidden, gone.hidden] = [true, true];
  else showInstead(shown, gone);
}

/**
 * @param {Stream} stream
 * @param {SessionListItem | null} session
 */
function aboutLine(stream, session) {
  const { source, purpose } = stream;
  const state = stateName(session?.state ?? null);
  // While the source is silent, it is said why.
  const why = session === null || session.failure === null ? '' : ` (${withinSentence(session.failure)})`;
  return `${state}${why} · ${sourceLabel(source)} · for ${humanize(purpose).toLowerCase()} · ${frameRateText(stream)}`;
}

/** @param {SessionListItem} session */
function sessionOption({ id, state, startedAt }) {
  const when = new Date(startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
  return new Option(`${when}, ${stateName(state)}`, id);
}

/** @param {Stream} stream */
function askRemoval({ name }) {
  return confirmRemoval(
    'Remove this stream?',
    `${quoted(name)} is stopped and forgotten, with everything that was recorded from it, all its sessions. This cannot be undone.`,
  );
}

/** A question about what is not shown any more is taken back, and so is what would change it. */
function closeDialogs() {
  takeBackQuestion();
  const edit = find('#edit-dialog', HTMLDialogElement);
  if (edit.open) edit.close();
}
