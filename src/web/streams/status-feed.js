/** Keeps the page told of the streams: everything is read now and then, and every change of a state as it comes. */
import { mayPass, messageOf, retry } from '../client.js';
import { STATUS } from '../documents.js';
import { toSentence } from '../format.js';
import { mien, SIGNED_OUT } from '../graphql-client.js';
import { whileVisible } from '../page/visibility.js';

/** @import { Status } from '../types.js' */

/** Milliseconds between readings of everything: streams that others add or remove send no status. */
const REFRESH_MS = 15_000;

/**
 * @typedef {object} FeedOptions
 * @property {() => Promise<void>} refresh reads everything
 * @property {(status: Status) => Promise<void>} onStatus
 * @property {(connection: { state: 'connected' } | { state: 'stopped', reason: string } | { state: 'lost', reason: string, retryMs: number }) => void} onConnection
 * @property {(problem: unknown) => void} onProblem
 */

/** While the page is visible. @param {FeedOptions} options */
export function openStatusFeed({ refresh, onProblem, ...options }) {
  whileVisible(() => {
    const stop = new AbortController();
    const told = (/** @type {unknown} */ problem) => {
      if (!mayPass(problem)) clearInterval(poll);
      onProblem(problem);
    };
    const poll = setInterval(() => refresh().catch(told), REFRESH_MS);
    addEventListener(SIGNED_OUT, () => clearInterval(poll), { signal: stop.signal });
    follow({ refresh, onProblem, ...options }, stop.signal).catch((problem) => {
      const reason = messageOf(problem);
      options.onConnection({ state: 'stopped', reason });
      onProblem(asItWas(reason));
    });
    return () => {
      stop.abort();
      clearInterval(poll);
    };
  });
}

/**
 * Reads everything, then every change; after a broken connection again from the beginning.
 * @param {FeedOptions} options
 * @param {AbortSignal} signal
 */
function follow({ refresh, onStatus, onConnection, onProblem }, signal) {
  return retry(
    async (opened) => {
      await refresh();
      const onOpen = () => {
        opened();
        onConnection({ state: 'connected' });
      };
      const changes = /** @type {AsyncGenerator<{ streamStatus: Status }>} */ (
        mien.subscribe(STATUS, {}, { signal, onOpen })
      );
      for await (const { streamStatus } of changes) await onStatus(streamStatus);
    },
    {
      signal,
      onLost(lost) {
        onConnection({ state: 'lost', ...lost });
        onProblem(asItWas(lost.reason));
      },
    },
  );
}

/** @param {string} reason */
function asItWas(reason) {
  return new Error(`The list is as it last was: ${toSentence(reason)}`);
}
