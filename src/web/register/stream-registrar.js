/** Registers streams; one whose registration is cancelled while the server is at it is taken back once it is there. */
import { ConnectionLost } from '../client.js';
import { REGISTER, REMOVE } from '../documents.js';
import { mien } from '../graphql-client.js';

/** @import { SessionState } from '../types.js' */

/** @typedef {{ alreadyRegistered: boolean, stream: { id: string }, session: { state: SessionState } | null, ingest: { webSocketUrl: string } | null }} Registration */
/** @typedef {{ registerStream: Registration }} Registered */

/** @param {{ onProblem: (problem: unknown) => void }} options told what could not be taken back */
export function createRegistrar({ onProblem }) {
  /** What is still to be taken back: the same may be registered again only behind it. @type {Promise<void>} */
  let undoing = Promise.resolve();

  return {
    /**
     * @param {object} input
     * @param {AbortSignal} signal
     * @returns {Promise<Registration>}
     */
    async register(input, signal) {
      await undoing;
      signal.throwIfAborted();
      // The request is not aborted: the server would go on with it, and nobody would learn what became of it.
      /** @type {Promise<Registered>} */
      const asked = mien.request(REGISTER, { input });
      const cancelled = rejectionOf(signal);
      try {
        const { registerStream } = await Promise.race([asked, cancelled.promise]);
        return registerStream;
      } catch (problem) {
        if (signal.aborted) undoing = asked.then(takeBack, () => {}).catch(onProblem);
        throw problem;
      } finally {
        cancelled.forget();
      }
    },
    /** Resolves when nothing is left to be taken back. */
    settled: () => undoing,
  };
}

/** @param {Registered} answer */
async function takeBack({ registerStream: { alreadyRegistered, stream } }) {
  if (alreadyRegistered) return;
  await mien.request(REMOVE, { id: stream.id }).catch((problem) => {
    if (!(problem instanceof ConnectionLost)) throw problem;
    return mien.request(REMOVE, { id: stream.id });
  });
}

/** @param {AbortSignal} signal @returns {{ promise: Promise<never>, forget: () => void }} */
function rejectionOf(signal) {
  let forget = () => {};
  /** @type {Promise<never>} */
  const promise = new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    forget = () => signal.removeEventListener('abort', stop);
  });
  return { promise, forget };
}
