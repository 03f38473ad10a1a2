/** Reads what there is of a session: how long it is, its faces, and whether the server has its file. */
import { mien } from '../graphql-client.js';
import { RECORDING } from './documents.js';

/** @import { Track } from '../types.js' */
/** @import { Recording } from './types.js' */

/** @typedef {Omit<Recording, 'tracks'> & { tracks: { nodes: Track[], pageInfo: { hasNextPage: boolean, endCursor: string | null } } }} RecordingPage */

/**
 * With all its faces, page by page.
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Recording>}
 */
export async function readRecording(id, signal) {
  /** @type {Track[]} */
  const tracks = [];
  /** @type {string | null} */
  let after = null;
  for (;;) {
    /** @type {{ session: RecordingPage | null }} */
    const answer = await mien.request(RECORDING, { id, after }, { signal });
    const session = stillThere(answer.session);
    const { nodes, pageInfo } = session.tracks;
    tracks.push(...nodes);
    if (!pageInfo.hasNextPage) return { ...session, tracks };
    after = pageInfo.endCursor;
  }
}

/**
 * @template Session
 * @param {Session | null} session as the server answers
 * @returns {Session}
 * @throws Error that it was removed
 */
export function stillThere(session) {
  if (session !== null) return session;
  throw new Error('This session was removed. Choose another one above, or another stream.');
}
