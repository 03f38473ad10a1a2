/** The list of streams, with the state of each as it changes. */
import { ask, listen } from './client.js';
import { STATUS, STREAMS } from './documents.js';
import { copyOf, find, sync, write } from './dom.js';
import { isLive, stateName } from './format.js';
import { messageOf, retry } from './retry.js';
import { whileVisible } from './visibility.js';

/** @import { Status, Stream } from './types.js' */

/** Milliseconds after which the list is read anew: what others add or remove has no state to tell. */
const REFRESH_MS = 15_000;

/** @typedef {ReturnType<typeof createStreams>} Streams */

/** @param {{ onChange: () => void }} options */
export function createStreams({ onChange }) {
  /** @type {Map<string, Stream>} */
  const streams = new Map();
  /** @type {string | null} */
  let chosen = null;
  let known = false;
  /** Changes that were told while the list was being read, for each reading. @type {Set<Status[]>} */
  const meanwhile = new Set();

  const changed = () => {
    drawList([...streams.values()], chosen);
    onChange();
  };
  const refresh = async () => {
    /** @type {Status[]} */
    const told = [];
    meanwhile.add(told);
    const found = await readAll().finally(() => meanwhile.delete(told));
    streams.clear();
    for (const stream of found) streams.set(stream.id, stream);
    for (const status of told) apply(streams, status);
    known = true;
    showProblem(null);
    changed();
  };
  const note = async (/** @type {Status} */ status) => {
    for (const told of meanwhile) told.push(status);
    if (!apply(streams, status)) return refresh();
    changed();
  };
  whileVisible(() => {
    const stop = new AbortController();
    const poll = setInterval(() => refresh().catch(showProblem), REFRESH_MS);
    keepUp(refresh, note, stop.signal).catch(showProblem);
    return () => {
      stop.abort();
      clearInterval(poll);
    };
  });

  return {
    refresh,
    /** Whether the list has been read yet. */
    get known() {
      return known;
    },
    /** @param {string} id */
    get: (id) => streams.get(id) ?? null,
    /** One that runs, or any. */
    first: () => {
      const all = [...streams.values()];
      return all.find(({ latestSession }) => isLive(latestSession?.state)) ?? all[0] ?? null;
    },
    /** @param {string | null} id */
    choose(id) {
      chosen = id;
      drawList([...streams.values()], chosen);
    },
  };
}

/**
 * @param {() => Promise<void>} refresh
 * @param {(status: Status) => Promise<void>} note
 * @param {AbortSignal} signal
 */
function keepUp(refresh, note, signal) {
  return retry(
    async (recovered) => {
      await refresh();
      const changes = /** @type {AsyncGenerator<{ streamStatus: Status }>} */ (
        listen(STATUS, {}, { signal, onOpen: recovered })
      );
      for await (const { streamStatus } of changes) await note(streamStatus);
    },
    { signal, onLost: ({ reason }) => showProblem(new Error(`The list is as it last was: ${reason}.`)) },
  );
}

/**
 * Whether the stream is one of the list.
 * @param {Map<string, Stream>} streams
 * @param {Status} status
 */
function apply(streams, { streamId, state, failure, session }) {
  const stream = streams.get(streamId);
  if (stream) stream.latestSession = { ...session, state, failure };
  return stream !== undefined;
}

/** @returns {Promise<Stream[]>} */
async function readAll() {
  /** @type {Stream[]} */
  const all = [];
  /** @type {string | null} */
  let after = null;
  do {
    /** @type {{ streams: { nodes: Stream[], pageInfo: { hasNextPage: boolean, endCursor: string } } }} */
    const page = await ask(STREAMS, { after });
    all.push(...page.streams.nodes);
    after = page.streams.pageInfo.hasNextPage ? page.streams.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}

/**
 * @param {readonly Stream[]} streams
 * @param {string | null} chosen
 */
function drawList(streams, chosen) {
  sync(find('#streams', HTMLElement), streams, {
    key: ({ id }) => id,
    create: () => copyOf('stream-item'),
    update(item, { id, name, source, latestSession }) {
      const link = find('a', HTMLAnchorElement, item);
      link.hash = `#/stream/${id}`;
      if (id === chosen) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      const state = find('.state', HTMLElement, item);
      state.dataset.state = latestSession?.state ?? 'NEVER';
      write(state, stateName(latestSession?.state ?? null));
      write(find('.name', HTMLElement, item), name);
      write(find('.where', HTMLElement, item), whereOf(source));
    },
  });
  find('#no-streams', HTMLElement).hidden = streams.length > 0;
}

/** @param {Stream['source']} source */
export function whereOf({ kind, location }) {
  return location ?? (kind === 'UPLOAD' ? 'an uploaded file' : kind.toLowerCase());
}

/** @param {unknown} problem null: none any more */
function showProblem(problem) {
  const place = find('#streams-problem', HTMLElement);
  place.hidden = problem === null;
  write(place, problem === null ? '' : messageOf(problem));
}
