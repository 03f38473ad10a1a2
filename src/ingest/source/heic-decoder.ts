import type { Worker } from 'node:worker_threads';
import { spawnBeside } from '../../threads/spawn.ts';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { FromHeic, ToHeic } from './heic-protocol.ts';

export type HeicAnswer = Exclude<FromHeic, 'ready'>;

/** A picture of 48 million pixels takes three. */
const MAX_SECONDS = 20;

/** Decodes HEIC, one picture at a time, each in a thread of its own: several large ones would take a gigabyte each. */
export class HeicDecoder {
  readonly #maxSeconds: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxSeconds = MAX_SECONDS) {
    this.#maxSeconds = maxSeconds;
  }

  /** Throws the signal's reason when it aborts. @param request its bytes are handed over: they cannot be read afterwards */
  decode(request: ToHeic, signal: AbortSignal): Promise<HeicAnswer> {
    const turn = this.#last.then(() => decodeInThread(request, this.#maxSeconds, signal));
    this.#last = turn.catch(() => {});
    return unlessAborted(signal, () => turn);
  }
}

async function decodeInThread(request: ToHeic, maxSeconds: number, signal: AbortSignal): Promise<HeicAnswer> {
  signal.throwIfAborted();
  const thread = spawnBeside(import.meta.url, 'heic.worker');
  try {
    return await unlessAborted(signal, () => answerOf(thread, request, maxSeconds));
  } finally {
    await thread.terminate();
  }
}

function answerOf(thread: Worker, request: ToHeic, maxSeconds: number): Promise<HeicAnswer> {
  return new Promise((resolve) => {
    const fail = (failure: 'unsupported' | 'too slow', reason: string) => resolve({ failure, reason });
    let timer: NodeJS.Timeout | undefined;
    thread.on('message', (message: FromHeic) => {
      if (message !== 'ready') return resolve(message);
      // Only from now on: how long a thread takes to start is not the picture's fault.
      timer = setTimeout(() => fail('too slow', `${maxSeconds} s`), maxSeconds * 1000);
      thread.postMessage(request, [request.bytes.buffer as ArrayBuffer]);
    });
    thread.on('error', ({ message }) => fail('unsupported', message));
    thread.on('exit', () => {
      clearTimeout(timer);
      fail('unsupported', 'The thread ended.');
    });
  });
}
