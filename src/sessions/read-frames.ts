/** Reading a source's frames: ahead of need when it can wait, and with a watch when it is live. */
import type { Frame } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';

/** The next frame is asked for while the last one is in use, one at a time. */
export async function* readAhead(frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  const iterator = frames[Symbol.asyncIterator]();
  let coming = iterator.next();
  try {
    for (;;) {
      const result = await coming;
      if (result.done) return;
      coming = iterator.next();
      coming.catch(() => {});
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

export interface WatchOptions {
  /** Longest wait for a frame, in milliseconds. */
  stallMs: number;
  /** Stops the source. */
  abort(): void;
}

/** How long a source that was told to stop may take, in milliseconds. */
const STOP_MS = 5000;

/** @throws MienError SOURCE_FAILED when no frame comes in time; the time the caller takes does not count. */
export async function* watchFrames(
  frames: AsyncIterable<Frame>,
  { stallMs, abort }: WatchOptions,
): AsyncGenerator<Frame> {
  const iterator = frames[Symbol.asyncIterator]();
  try {
    for (;;) {
      const result = await inTime(iterator.next(), stallMs);
      if (result === null) {
        throw new MienError(
          'SOURCE_FAILED',
          `The source sent no picture for ${Math.round(stallMs / 1000)} seconds.`,
        );
      }
      if (result.done) return;
      yield result.value;
    }
  } finally {
    abort();
    await Promise.race([Promise.resolve(iterator.return?.()).catch(() => {}), sleep(STOP_MS)]);
  }
}

async function inTime<T>(promise: Promise<T>, milliseconds: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, milliseconds, null);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
