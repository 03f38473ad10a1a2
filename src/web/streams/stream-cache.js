/** Streams as the server last told them. */

/** @import { OpenedSession, Status, Stream } from '../types.js' */

/** `opened`: a session of it that is looked at; null: it is not there. @typedef {Stream & { opened?: OpenedSession | null }} KnownStream */
/** @typedef {{ streams: KnownStream[], total: number }} Listed total: of all there are, listed or not */

/** @param {() => Promise<Listed>} read asks the server for all of them */
export function createStreamCache(read) {
  /** @type {Map<string, KnownStream>} */
  const streams = new Map();
  /** For each reading of the list that is under way, the changes that arrived since it began. @type {Set<Status[]>} */
  const readings = new Set();
  let [begun, applied, total] = [0, 0, 0];

  return {
    /** @param {string} id */
    get: (id) => streams.get(id) ?? null,
    all: () => [...streams.values()],
    /** How many there are, listed or not. */
    total: () => total,
    /**
     * Reads all of them. A change that arrives meanwhile is newer than the list, and applied to it; a list that was
     * asked for before another is older than that, though its answer or failure comes later.
     */
    async refresh() {
      const reading = ++begun;
      /** @type {Status[]} */
      const arrived = [];
      readings.add(arrived);
      const listed = await read()
        .catch((problem) => {
          if (reading >= applied) throw problem;
        })
        .finally(() => readings.delete(arrived));
      if (listed === undefined || reading < applied) return;
      [applied, total] = [reading, listed.total];
      streams.clear();
      for (const stream of listed.streams) streams.set(stream.id, stream);
      for (const status of arrived) applyStatus(streams, status);
    },
    /** @param {Status} status @returns {boolean} false: there is no such stream among them */
    apply(status) {
      for (const arrived of readings) arrived.push(status);
      return applyStatus(streams, status);
    },
  };
}

/**
 * @param {Map<string, KnownStream>} streams
 * @param {Status} status
 */
function applyStatus(streams, { streamId, state, failure, effectiveFrameRate, session }) {
  const stream = streams.get(streamId);
  if (stream && session) {
    Object.assign(stream, { effectiveFrameRate, latestSession: { ...session, state, failure } });
    if (stream.opened?.id === session.id) stream.opened = { ...stream.opened, state, failure };
  }
  return stream !== undefined;
}
