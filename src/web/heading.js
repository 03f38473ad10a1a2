/** The head of the board: which stream, which of its sessions, and what can be done with it. */
import { ask } from './client.js';
import { REMOVE, SESSIONS, START, STOP } from './documents.js';
import { find, write } from './dom.js';
import { isLive, stateName, titled } from './format.js';
import { whereOf } from './streams.js';

/** @import { SessionHead, Stream } from './types.js' */

/**
 * @typedef {object} HeadingOptions
 * @property {(problem: unknown) => void} onProblem null: none any more
 * @property {() => void} onDone something was started, stopped or removed
 */

/** @param {HeadingOptions} options */
export function createHeading(options) {
  /** @type {Stream | null} */
  let current = null;
  const act = (/** @type {string} */ id, /** @type {string} */ document, confirmed = always) => {
    const button = find(id, HTMLButtonElement);
    button.addEventListener('click', async () => {
      const stream = current;
      if (stream === null || button.ariaBusy === 'true') return;
      // Not disabled, which would take the focus away from who came by keyboard.
      button.ariaBusy = 'true';
      if (await confirmed(stream)) {
        options.onProblem(null);
        await ask(document, { id: stream.id }).then(options.onDone, options.onProblem);
      }
      button.ariaBusy = 'false';
    });
  };
  act('#start', START);
  act('#stop', STOP);
  act('#remove', REMOVE, confirmRemoval);
  const select = find('#sessions', HTMLSelectElement);
  select.addEventListener('change', () => {
    if (current) location.hash = `#/stream/${current.id}${select.value && `/session/${select.value}`}`;
  });

  return {
    /** @param {Stream} stream */
    show(stream) {
      current = stream;
      write(find('#title', HTMLElement), stream.name);
      write(find('#about', HTMLElement), aboutOf(stream));
      const running = isLive(stream.latestSession?.state);
      swap(find('#start', HTMLElement), find('#stop', HTMLElement), running);
      document.title = `${stream.name} · mien`;
    },
    /**
     * @param {string} streamId
     * @param {string | null} sessionId null: the newest
     */
    async listSessions(streamId, sessionId) {
      /** @type {{ sessions: { nodes: SessionHead[] } }} */
      const { sessions } = await ask(SESSIONS, { streamId });
      if (current?.id !== streamId) return;
      select.replaceChildren(new Option('Newest', ''), ...sessions.nodes.map(optionOf));
      select.value = sessionId ?? '';
    },
  };
}

/**
 * One of two buttons; the focus goes along.
 * @param {HTMLElement} start
 * @param {HTMLElement} stop
 * @param {boolean} running
 */
function swap(start, stop, running) {
  const [shown, gone] = running ? [stop, start] : [start, stop];
  const focused = document.activeElement === gone;
  [shown.hidden, gone.hidden] = [false, true];
  if (focused) shown.focus();
}

/** @param {Stream} stream */
function aboutOf({ source, purpose, frameRate, latestSession }) {
  const state = stateName(latestSession?.state ?? null);
  const failure = latestSession?.failure ? ` (${latestSession.failure})` : '';
  return `${state}${failure} · ${whereOf(source)} · for ${titled(purpose).toLowerCase()} · up to ${frameRate} frames a second`;
}

/** @param {SessionHead} session */
function optionOf({ id, state, startedAt }) {
  const when = new Date(startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
  return new Option(`${when}, ${stateName(state)}`, id);
}

/** @param {Stream} _stream */
async function always(_stream) {
  return true;
}

/** @param {Stream} stream @returns {Promise<boolean>} */
function confirmRemoval({ name }) {
  const dialog = find('#confirm', HTMLDialogElement);
  write(
    find('#confirm-text', HTMLElement),
    `“${name}” is stopped and forgotten, with everything that was recorded from it. This cannot be undone.`,
  );
  dialog.returnValue = 'cancel';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'remove'), { once: true });
  });
}
