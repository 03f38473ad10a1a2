/** Frames scored in order, while vision is never left without the next ones. */
import type { Frame } from '../domain/frame.ts';
import type { Scored } from './frame-scorer.ts';

/** Frames of a recording that are handed over before the first of them is answered: what vision can use at a time. */
export const AHEAD = 8;

/**
 * What `score` makes of each frame, in their order. So many frames as `ahead` says are handed over while one
 * before them is still being scored; with 0 the next frame is asked for only then, so that it is the newest there is.
 * @param score null, or resolves to null: nothing is to be told of this frame
 * @throws what `frames` and `score` throw, once the frames before are told
 */
export async function* scoreInOrder(
  frames: AsyncIterable<Frame>,
  score: (frame: Frame) => Promise<Scored | null> | null,
  ahead: number,
): AsyncGenerator<Scored, void, undefined> {
  const iterator = frames[Symbol.asyncIterator]();
  const scoring: Promise<Event>[] = [];
  let coming: Promise<Event> | null = null;
  let end: Event | null = null;
  try {
    for (;;) {
      if (end === null && scoring.length <= ahead) coming ??= event('frame', iterator.next());
      const first = scoring[0];
      if (!first && !coming) break;
      const next = await Promise.race([first ?? coming!, coming ?? first!]);
      if (next.kind === 'frame') {
        coming = null;
        if (!next.value || next.value.done) end = next;
        else {
          const answer = score(next.value.value);
          if (answer) scoring.push(event('scored', answer));
        }
      } else {
        scoring.shift();
        if (!('value' in next)) throw next.error;
        if (next.value) yield next.value;
      }
    }
    if (end && 'error' in end) throw end.error;
  } finally {
    await iterator.return?.();
  }
}

/** What was waited for; a failure as a value, because what came before it has to be told first. */
type Event = Outcome<'frame', IteratorResult<Frame>> | Outcome<'scored', Scored | null>;
type Outcome<Kind, T> = { kind: Kind; value: T } | { kind: Kind; value?: never; error: unknown };

function event<Kind extends 'frame' | 'scored', T>(
  kind: Kind,
  promise: Promise<T>,
): Promise<Outcome<Kind, T>> {
  return promise.then(
    (value) => ({ kind, value }),
    (error: unknown) => ({ kind, error }),
  );
}
