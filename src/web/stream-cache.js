/** The streams as the server last told them. */
import { STREAMS } from './documents.js';
import { isLive } from './format.js';
import { mien } from './server.js';

/** @import { Status, Stream } from './types.js' */

export function createStreamCache() {
  /** @type {Map<string, Stream>} */
  const streams = new Map();
  /** For each reading of the list that is under way, the changes that arrived since it began. @type {Set<Status[]>} */
  const readings = new Set();
  let begun = 0;
  let applied = 0;
  const all = () => [...streams.values()];

  return {
    /** @param {string} id */
    get: (id) => streams.get(id) ?? null,
    all,
    /** The first stream that runs, or else the first of all. */
    first: () => all().find(({ latestSession }) => isLive(latestSession?.state)) ?? all()[0] ?? null,
    /**
     * Reads the whole list. A change that arrives meanwhile is newer than the list, and applied to it; a list that was
     * asked for before another is older than that, though its answer comes later.
     */
    async refresh() {
      const reading = ++begun;
      /** @type {Status[]} */
      const arrived = [];
      readings.add(arrived);
      const found = await readAllStreams().finally(() => readings.delete(arrived));
      if (reading < applied) return;
      applied = reading;
      streams.clear();
      for (const stream of found) streams.set(stream.id, stream);
      for (const status of arrived) applyStatus(streams, status);
    },
    /** @param {Status} status @returns {boolean} false: the list has no such stream */
    apply(status) {
      for (const arrived of readings) arrived.push(status);
      return applyStatus(streams, status);
    },
  };
}

/**
 * @param {Map<string, Stream>} streams
 * @param {Status} status
 */
function applyStatus(streams, { streamId, state, failure, effectiveFrameRate, session }) {
  const stream = streams.get(streamId);
  if (stream && session)
    Object.assign(stream, { effectiveFrameRate, latestSession: { ...session, state, failure } });
  return stream !== undefined;
}

/** @returns {Promise<Stream[]>} */
async function readAllStreams() {
  /** @type {Stream[]} */
  const all = [];
  /** @type {string | null} */
  let after = null;
  do {
    /** @type {{ streams: { nodes: Stream[], pageInfo: { hasNextPage: boolean, endCursor: string } } }} */
    const page = await mien.request(STREAMS, { after });
    all.push(...page.streams.nodes);
    after = page.streams.pageInfo.hasNextPage ? page.streams.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}
