/** Uploads a file by the tus protocol: it goes on after a break, and where it was when the same file is chosen again. */
import { type DetailedError, type HttpRequest, Upload } from 'tus-js-client';
import { ConnectionLost, MienError } from './errors.ts';
import { readAnswer } from './http.ts';
import type { Server } from './server.ts';

/** Pauses before it is tried again; they begin anew whenever some of the file got through. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
const NO_ROOM = 507;
/** A slow line may take so long for what is already handed to it. */
const STALLED_SECONDS = 120;

/** In a browser a `File` or `Blob`; in Node a `Buffer` or a stream of `fs.createReadStream`. Anything else is refused. */
export type UploadSource = Upload['file'];

export interface UploadOptions {
  /** Told how much of it is there, 0 to 1. */
  onProgress?: (fraction: number) => void;
  /** Stops it, and removes what is on the server. */
  signal?: AbortSignal;
  /** Seconds in which nothing is sent and nothing answered, after which it is given up; 120 unless said. */
  stalledAfter?: number;
}

/**
 * @returns the token with which a stream can be registered: `source: { upload: token }`
 * @throws MienError, ConnectionLost, what `signal` was aborted with, what the token's function throws, and why `file` cannot be read
 */
export async function upload(
  server: Server,
  file: UploadSource,
  { onProgress, signal, stalledAfter = STALLED_SECONDS }: UploadOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const { authorize, failure } = createAuthorization(server);
  return new Promise((resolve, reject) => {
    const settle = (answer: () => void) => {
      signal?.removeEventListener('abort', stop);
      watchdog.stop();
      answer();
    };
    const watchdog = createWatchdog(stalledAfter, () => {
      settle(() => reject(stalled(stalledAfter)));
      // What is there stays: the same file goes on from it.
      transfer.abort().catch(() => {});
    });
    const transfer = new Upload(file, {
      endpoint: server.at('uploads').href,
      retryDelays: RETRY_DELAYS_MS,
      onBeforeRequest: (request) => {
        watchdog.restart();
        return authorize(request);
      },
      onAfterResponse: watchdog.restart,
      onShouldRetry: ({ originalResponse }) => {
        watchdog.restart();
        return failure() === null && mayPass(originalResponse?.getStatus() ?? 0);
      },
      removeFingerprintOnSuccess: true,
      onProgress: (sent, total) => {
        watchdog.restart();
        onProgress?.(total ? sent / total : 0);
      },
      onSuccess: () => settle(() => resolve(tokenOf(transfer.url))),
      onError: (problem) => settle(() => reject(failure() ? failure()?.error : worded(server, problem))),
    });
    const stop = () => {
      settle(() => reject(signal?.reason));
      // Where the server does not answer, it deletes it by itself after a day.
      transfer.abort(true).catch(() => {});
    };
    signal?.addEventListener('abort', stop, { once: true });
    onUnreadable(file, (problem) => {
      settle(() => reject(problem));
      transfer.abort(true).catch(() => {});
    });
    goOn(transfer, signal).catch((problem) => settle(() => reject(problem)));
  });
}

/** Calls `onStalled` once, so many seconds after it was last restarted. */
function createWatchdog(seconds: number, onStalled: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  return {
    restart: () => {
      clearTimeout(timer);
      if (!isOver) timer = setTimeout(onStalled, seconds * 1_000);
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

function stalled(seconds: number): ConnectionLost {
  const sentence = `Nothing of the upload was sent or answered for ${seconds} s; upload the same file again, and it goes on where it was.`;
  return new ConnectionLost(sentence);
}

/** Removes what was uploaded and no stream has taken; harmless where it is gone. @throws MienError, ConnectionLost */
export async function discardUpload(server: Server, token: string): Promise<void> {
  const { authorize, failure } = createAuthorization(server);
  const address = server.at(`uploads/${encodeURIComponent(token)}`).href;
  try {
    await Upload.terminate(address, { retryDelays: RETRY_DELAYS_MS, onBeforeRequest: authorize });
  } catch (problem) {
    const status = (problem as DetailedError).originalResponse?.getStatus();
    if (status === 404 || status === 410) return;
    throw failure() ? failure()?.error : worded(server, problem as DetailedError);
  }
}

/** A stream says by an event that it cannot be read, which ends a process in which nobody listens. */
function onUnreadable(file: UploadSource, listener: (problem: unknown) => void): void {
  const { on } = file as { on?: (event: 'error', listener: (problem: unknown) => void) => void };
  if (typeof on === 'function') on.call(file, 'error', listener);
}

async function goOn(transfer: Upload, signal: AbortSignal | undefined): Promise<void> {
  const [begun] = await transfer.findPreviousUploads();
  if (begun) transfer.resumeFromPreviousUpload(begun);
  if (!signal?.aborted) transfer.start();
}

/** Says who sends it, and keeps what the function that gives the token threw, which trying again is no answer to. */
function createAuthorization(server: Server) {
  let failure: { error: unknown } | null = null;
  return {
    failure: () => failure,
    async authorize(request: HttpRequest): Promise<void> {
      try {
        for (const [name, value] of Object.entries(await server.headers())) request.setHeader(name, value);
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
  };
}

/** Also where the browser takes itself to be offline: the server may be on this machine. @param status 0: none came */
function mayPass(status: number): boolean {
  return [408, 409, 423, 429].includes(status) || (status !== NO_ROOM && !(status >= 400 && status < 500));
}

function tokenOf(url: string | null): string {
  return new URL(url ?? '').pathname.split('/').at(-1) ?? '';
}

/** In the server's own words, where it said any. */
function worded(server: Server, problem: Error | DetailedError): Error {
  // Before anything was sent: what was given is nothing that can be.
  if (!('originalRequest' in problem)) return problem;
  const response = problem.originalResponse;
  try {
    if (response) server.dataOf(readAnswer(server, response.getStatus(), response.getBody()));
  } catch (error) {
    if (error instanceof MienError) return error;
  }
  return new ConnectionLost('The upload broke off; try it again.', { cause: problem });
}
