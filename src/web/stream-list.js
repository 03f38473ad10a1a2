/** The list of streams beside the page, with the state of each as it changes. */

import { messageOf, retry } from './client.js';
import { STATUS } from './documents.js';
import { cloneTemplate, find, reconcile, setText } from './dom.js';
import { sourceLabel, stateName } from './format.js';
import { mien, SIGNED_OUT } from './server.js';
import { createStreamCache } from './stream-cache.js';
import { whileVisible } from './visibility.js';

/** @import { Status, Stream } from './types.js' */

/** Milliseconds between readings of the whole list: streams that others add or remove send no status. */
const REFRESH_MS = 15_000;

/** @param {{ onChange: () => void }} options */
export function createStreamList({ onChange }) {
  const streams = createStreamCache();
  /** @type {string | null} */
  let selectedId = null;
  let loaded = false;

  const changed = () => {
    renderList(streams.all(), selectedId);
    onChange();
  };
  const refresh = async () => {
    await streams.refresh();
    loaded = true;
    showProblem(null);
    changed();
  };
  const onStatus = async (/** @type {Status} */ status) => {
    if (!streams.apply(status)) return refresh();
    changed();
  };
  whileVisible(() => refreshAndFollow(refresh, onStatus));

  return {
    refresh,
    /** Whether the list has been read yet. */
    get loaded() {
      return loaded;
    },
    get: streams.get,
    first: streams.first,
    /** @param {string | null} id */
    select(id) {
      selectedId = id;
      renderList(streams.all(), selectedId);
    },
  };
}

/**
 * @param {() => Promise<void>} refresh
 * @param {(status: Status) => Promise<void>} onStatus
 * @returns {() => void} stops both
 */
function refreshAndFollow(refresh, onStatus) {
  const stop = new AbortController();
  const poll = setInterval(() => refresh().catch(showProblem), REFRESH_MS);
  addEventListener(SIGNED_OUT, () => clearInterval(poll), { signal: stop.signal });
  followStatusChanges(refresh, onStatus, stop.signal).catch(showProblem);
  return () => {
    stop.abort();
    clearInterval(poll);
  };
}

/**
 * Reads the list, then every change; after a broken connection again from the beginning.
 * @param {() => Promise<void>} refresh
 * @param {(status: Status) => Promise<void>} onStatus
 * @param {AbortSignal} signal
 */
function followStatusChanges(refresh, onStatus, signal) {
  return retry(
    async (recovered) => {
      await refresh();
      const changes = /** @type {AsyncGenerator<{ streamStatus: Status }>} */ (
        mien.subscribe(STATUS, {}, { signal, onOpen: recovered })
      );
      for await (const { streamStatus } of changes) await onStatus(streamStatus);
    },
    { signal, onLost: ({ reason }) => showProblem(new Error(`The list is as it last was: ${reason}.`)) },
  );
}

/**
 * @param {readonly Stream[]} streams
 * @param {string | null} selectedId
 */
function renderList(streams, selectedId) {
  reconcile(find('#streams', HTMLElement), streams, {
    key: ({ id }) => id,
    create: () => cloneTemplate('stream-item'),
    update(item, { id, name, source, latestSession }) {
      const link = find('a', HTMLAnchorElement, item);
      link.hash = `#/stream/${id}`;
      if (id === selectedId) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      const state = find('.state', HTMLElement, item);
      state.dataset.state = latestSession?.state ?? 'NEVER';
      setText(state, stateName(latestSession?.state ?? null));
      setText(find('.name', HTMLElement, item), name);
      setText(find('.where', HTMLElement, item), sourceLabel(source));
    },
  });
  find('#no-streams', HTMLElement).hidden = streams.length > 0;
}

/** @param {unknown} problem null: none any more */
function showProblem(problem) {
  const place = find('#streams-problem', HTMLElement);
  place.hidden = problem === null;
  setText(place, problem === null ? '' : messageOf(problem));
}
