/** Frames scored in order, while the worker is never left without the next one. */
import type { Frame } from '../domain/frame.ts';
import type { Scored } from './scorer.ts';

/**
 * What `score` makes of each frame, in their order. With `ahead`, a frame is handed over while the one before it
 * is still being scored; without, the next frame is asked for only then, so that it is the newest there is.
 * @param score null, or resolves to null: nothing is to be told of this frame
 * @throws what `frames` and `score` throw, once the frames before are told
 */
export async function* scoreInOrder(
  frames: AsyncIterable<Frame>,
  score: (frame: Frame) => Promise<Scored | null> | null,
  ahead: boolean,
): AsyncGenerator<Scored, void, undefined> {
  let last: Promise<Scored | null> | null = null;
  const take = async () => {
    const scored = await last;
    last = null;
    return scored;
  };
  const iterator = frames[Symbol.asyncIterator]();
  try {
    for (;;) {
      const result = await settled(iterator.next());
      const next = result.value && !result.value.done ? score(result.value.value) : null;
      next?.catch(() => {}); // it is looked at when its turn comes
      const before = await take();
      last = next;
      if (before) yield before;
      if (result.error !== undefined) throw result.error;
      if (result.value?.done) return;
      const now = ahead ? null : await take();
      if (now) yield now;
    }
  } finally {
    await iterator.return?.();
  }
}

/** A failure as a value: what came before it has to be told first. */
async function settled<T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error ?? new Error('The source failed without a reason.') }),
  );
}
