/** The header above a stream: its name and state, the choice of a session, the buttons that start, stop and remove it. */
import { REMOVE, SESSIONS, START, STOP } from './documents.js';
import { find, setText } from './dom.js';
import { frameRateText, humanize, isLive, sourceLabel, stateName } from './format.js';
import { mien } from './server.js';

/** @import { SessionListItem, Stream } from './types.js' */

/**
 * @typedef {object} StreamHeaderOptions
 * @property {(problem: unknown) => void} onProblem null: none any more
 * @property {() => void} onDone something was started, stopped or removed
 */

/** @param {StreamHeaderOptions} options */
export function createStreamHeader(options) {
  /** @type {Stream | null} */
  let current = null;
  const currentStream = () => current;
  let listings = 0;
  bindMutation('#start', START, { ...options, currentStream });
  bindMutation('#stop', STOP, { ...options, currentStream });
  bindMutation('#remove', REMOVE, { ...options, currentStream, confirm: confirmRemoval });
  const select = find('#sessions', HTMLSelectElement);
  select.addEventListener('change', () => {
    if (current) location.hash = `#/stream/${current.id}${select.value && `/session/${select.value}`}`;
  });

  return {
    /** @param {Stream} stream */
    show(stream) {
      current = stream;
      setText(find('#title', HTMLElement), stream.name);
      setText(find('#about', HTMLElement), aboutLine(stream));
      const running = isLive(stream.latestSession?.state);
      showStartOrStop(find('#start', HTMLElement), find('#stop', HTMLElement), running);
      document.title = `${stream.name} · mien`;
    },
    /**
     * @param {string} streamId
     * @param {string | null} sessionId null: the newest
     */
    async listSessions(streamId, sessionId) {
      const listing = ++listings;
      /** @type {{ sessions: { nodes: SessionListItem[] } }} */
      const { sessions } = await mien.request(SESSIONS, { streamId });
      // Another session or stream was opened since: what is listed for that is newer, whichever answer comes first.
      if (listing !== listings || current?.id !== streamId) return;
      select.replaceChildren(new Option('Newest', ''), ...sessions.nodes.map(sessionOption));
      select.value = sessionId ?? '';
    },
  };
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
      await mien.request(document, { id: stream.id }).then(onDone, onProblem);
    }
    button.ariaBusy = 'false';
  });
}

/**
 * Shows the one of the two buttons that can be used; a focus on the other moves to it.
 * @param {HTMLElement} start
 * @param {HTMLElement} stop
 * @param {boolean} running
 */
function showStartOrStop(start, stop, running) {
  const [shown, gone] = running ? [stop, start] : [start, stop];
  const focused = document.activeElement === gone;
  [shown.hidden, gone.hidden] = [false, true];
  if (focused) shown.focus();
}

/** @param {Stream} stream */
function aboutLine(stream) {
  const { source, purpose, latestSession } = stream;
  const state = stateName(latestSession?.state ?? null);
  const failure = latestSession?.failure ? ` (${latestSession.failure})` : '';
  return `${state}${failure} · ${sourceLabel(source)} · for ${humanize(purpose).toLowerCase()} · ${frameRateText(stream)}`;
}

/** @param {SessionListItem} session */
function sessionOption({ id, state, startedAt }) {
  const when = new Date(startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
  return new Option(`${when}, ${stateName(state)}`, id);
}

/** @param {Stream} stream @returns {Promise<boolean>} */
function confirmRemoval({ name }) {
  const dialog = find('#confirm', HTMLDialogElement);
  setText(
    find('#confirm-text', HTMLElement),
    `“${name}” is stopped and forgotten, with everything that was recorded from it. This cannot be undone.`,
  );
  dialog.returnValue = 'cancel';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'remove'), { once: true });
  });
}
