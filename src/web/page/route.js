/** What the address of the page names behind its `#`, and the addresses of what can be named. */

/**
 * `start`: nothing in particular; `wall`: all that run; `nowhere`: something that is none of mien's pages.
 * @typedef {{ kind: 'start' | 'wall' | 'nowhere' } | StreamRoute} Route
 */
/** @typedef {{ kind: 'stream', streamId: string, sessionId: string | null }} StreamRoute sessionId null: the newest */

const WALL_LINK = '#/wall';
const STREAM = /^#\/stream\/([\w-]+)(?:\/session\/([\w-]+))?(?:\?.*)?$/;

/** @param {string} hash @returns {Route} */
export function parseRoute(hash) {
  if (['', '#', '#/'].includes(hash)) return { kind: 'start' };
  if (hash === WALL_LINK) return { kind: 'wall' };
  const [, streamId, sessionId = null] = STREAM.exec(hash) ?? [];
  return streamId === undefined ? { kind: 'nowhere' } : { kind: 'stream', streamId, sessionId };
}

/** Whether both name the same, wherever in it. @param {Route} one @param {Route} other */
export function isSameRoute(one, other) {
  if (one.kind !== 'stream' || other.kind !== 'stream') return one.kind === other.kind;
  return one.streamId === other.streamId && one.sessionId === other.sessionId;
}

/** @param {string} streamId @param {string | null} [sessionId] */
export function streamLink(streamId, sessionId = null) {
  return `#/stream/${streamId}${sessionId === null ? '' : `/session/${sessionId}`}`;
}
