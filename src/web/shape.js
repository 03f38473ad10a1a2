/** How large the frames of a session are: asked when its first moment is here, and told once it is known. */
import { ask, ConnectionLost } from './client.js';
import { FRAME } from './documents.js';

/** @import { FrameSize } from './types.js' */

/**
 * @param {(size: FrameSize | null) => void} onSize null, at once: nothing is known
 * @param {(problem: unknown) => void} onProblem
 * @returns {(sessionId: string, signal: AbortSignal) => void} to be called with every moment's session
 */
export function createShaper(onSize, onProblem) {
  /** @type {string | null} */
  let asked = null;
  onSize(null);
  return (sessionId, signal) => {
    if (sessionId === asked) return;
    asked = sessionId;
    /** With the next moment that comes. */
    const again = () => {
      if (asked === sessionId) asked = null;
    };
    readFrameSize(sessionId, signal).then(
      (size) => {
        if (size === null) again();
        else if (asked === sessionId) onSize(size);
      },
      (problem) => {
        if (signal.aborted || problem instanceof ConnectionLost) again();
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
  const { session } = await ask(FRAME, { id }, signal);
  const { frameWidth: width = null, frameHeight: height = null } = session ?? {};
  return width === null || height === null ? null : { width, height };
}
