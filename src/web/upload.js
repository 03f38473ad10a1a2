/** Uploads a file by the tus protocol: it goes on after a break, and where it was when the same file is chosen again. */
import { ConnectionLost, dataOf } from './graphql-client.js';

/** Pauses before it is tried again; they begin anew whenever some of the file got through. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];

/**
 * @param {File} file
 * @param {object} options
 * @param {(fraction: number) => void} options.onProgress
 * @param {AbortSignal} options.signal stops it, and removes what is on the server
 * @returns {Promise<string>} the token with which a stream can be registered
 * @throws {import('./graphql-client.js').ServerError | ConnectionLost | DOMException}
 */
export async function upload(file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    /** @param {() => void} answer */
    const settle = (answer) => {
      signal.removeEventListener('abort', stop);
      answer();
    };
    const transfer = new tus.Upload(file, {
      endpoint: new URL('uploads', document.baseURI).href,
      retryDelays: RETRY_DELAYS_MS,
      onShouldRetry: ({ originalResponse }) => mayPass(originalResponse?.getStatus() ?? 0),
      removeFingerprintOnSuccess: true,
      onProgress: (sent, total) => onProgress(sent / total),
      onSuccess: () => settle(() => resolve(tokenOf(transfer.url))),
      onError: (problem) => settle(() => reject(wordProblem(problem))),
    });
    const stop = () => {
      reject(signal.reason);
      // Where the server does not answer, it deletes it by itself after a day.
      transfer.abort(true).catch(() => {});
    };
    signal.addEventListener('abort', stop, { once: true });
    goOn(transfer, signal).catch((problem) => settle(() => reject(problem)));
  });
}

/** @param {tus.Upload} transfer @param {AbortSignal} signal */
async function goOn(transfer, signal) {
  const [begun] = await transfer.findPreviousUploads();
  if (begun) transfer.resumeFromPreviousUpload(begun);
  if (!signal.aborted) transfer.start();
}

/** Also where the browser takes itself to be offline: the server may be on this machine. @param {number} status 0: none came */
function mayPass(status) {
  return [408, 409, 423, 429].includes(status) || (status !== NO_ROOM && !(status >= 400 && status < 500));
}

const NO_ROOM = 507;

/** @param {string | null} url */
function tokenOf(url) {
  return new URL(url ?? '').pathname.split('/').at(-1) ?? '';
}

/** In the server's own words, where it said any. @param {Error | tus.DetailedError} problem */
function wordProblem(problem) {
  const said = 'originalResponse' in problem ? (problem.originalResponse?.getBody() ?? '') : '';
  try {
    dataOf(JSON.parse(said));
  } catch (error) {
    if (!(error instanceof SyntaxError)) return error;
  }
  return new ConnectionLost('The upload broke off; try it again.', { cause: problem });
}
