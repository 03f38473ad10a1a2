/** Fails a live source that sends no frame for too long. */
import type { Frame } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';

export interface StallOptions {
  /** Longest wait for a frame, in milliseconds. */
  stallMs: number;
  /** Stops the source. */
  abort(): void;
}

/** How long a source that was told to stop may take, in milliseconds. */
const STOP_MS = 5000;

/** @throws MienError SOURCE_FAILED when no frame comes in time; the time the consumer takes does not count. */
export async function* failOnStall(
  frames: AsyncIterable<Frame>,
  { stallMs, abort }: StallOptions,
): AsyncGenerator<Frame> {
  const iterator = frames[Symbol.asyncIterator]();
  try {
    for (;;) {
      const result = await nullAfter(stallMs, iterator.next());
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

/** What `promise` resolves to; null when that takes longer. */
async function nullAfter<T>(milliseconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, milliseconds, null);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
