/** Reads how large the frames of a session are, once its first moment has arrived. */

import { ConnectionLost } from './client.js';
import { FRAME } from './documents.js';
import { mien } from './graphql-client.js';

/** @import { FrameSize } from './types.js' */

/**
 * @param {(size: FrameSize | null) => void} onSize called with null at once, as nothing is known yet
 * @param {(problem: unknown) => void} onProblem
 * @returns {(sessionId: string, signal: AbortSignal) => void} to call with the session of every moment
 */
export function createFrameSizeReader(onSize, onProblem) {
  /** @type {string | null} */
  let requestedId = null;
  onSize(null);
  return (sessionId, signal) => {
    if (sessionId === requestedId) return;
    requestedId = sessionId;
    /** Lets the next moment request it again. */
    const retryLater = () => {
      if (requestedId === sessionId) requestedId = null;
    };
    readFrameSize(sessionId, signal).then(
      (size) => {
        if (size === null) retryLater();
        else if (requestedId === sessionId) onSize(size);
      },
      (problem) => {
        if (signal.aborted || problem instanceof ConnectionLost) retryLater();
        else onProblem(problem);
      },
    );
  };
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<FrameSize | null>} null: not known yet
 */
async function readFrameSize(id, signal) {
  /** @type {{ session: { frameWidth: number | null, frameHeight: number | null } | null }} */
  const { session } = await mien.request(FRAME, { id }, { signal });
  const { frameWidth: width = null, frameHeight: height = null } = session ?? {};
  return width === null || height === null ? null : { width, height };
}
