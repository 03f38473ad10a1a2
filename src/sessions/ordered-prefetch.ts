/** Frames scored in order, while vision is never left without the next ones. */
import type { Frame } from '../domain/frame.ts';
import type { ScoredFrame } from './frame-scorer.ts';

/**
 * What `score` makes of each frame, in their order.
 * @param score null, or resolves to null: there is nothing to tell of this frame
 * @param ahead frames that are handed over while one before them is still being scored; with 0 the next frame is asked
 *   for only then, so that it is the newest there is
 * @throws what `frames` and `score` throw, once the frames before are told
 */
export async function* scoreInOrder(
  frames: AsyncIterable<Frame>,
  score: (frame: Frame) => Promise<ScoredFrame | null> | null,
  ahead: number,
): AsyncGenerator<ScoredFrame, void, undefined> {
  const iterator = frames[Symbol.asyncIterator]();
  const scoring: Promise<Outcome>[] = [];
  let nextFrame: Promise<Outcome> | null = null;
  let end: Outcome | null = null;
  try {
    for (;;) {
      if (end === null && scoring.length <= ahead) nextFrame ??= outcomeOf('frame', iterator.next());
      const first = scoring[0];
      if (!first && !nextFrame) break;
      const outcome = await Promise.race([first ?? nextFrame!, nextFrame ?? first!]);
      if (outcome.kind === 'scored') {
        void scoring.shift();
        if (!('value' in outcome)) throw outcome.error;
        if (outcome.value) yield outcome.value;
        continue;
      }
      nextFrame = null;
      if (!outcome.value || outcome.value.done) end = outcome;
      else {
        const answer = score(outcome.value.value);
        if (answer) scoring.push(outcomeOf('scored', answer));
      }
    }
    if (end && 'error' in end) throw end.error;
  } finally {
    await iterator.return?.();
  }
}

/** What was waited for; a failure as a value, because what came before it has to be told first. */
type Outcome = Settled<'frame', IteratorResult<Frame>> | Settled<'scored', ScoredFrame | null>;
type Settled<Kind, T> = { kind: Kind; value: T } | { kind: Kind; value?: never; error: unknown };

function outcomeOf<Kind extends 'frame' | 'scored', T>(
  kind: Kind,
  promise: Promise<T>,
): Promise<Settled<Kind, T>> {
  return promise.then(
    (value) => ({ kind, value }),
    (error: unknown) => ({ kind, error }),
  );
}
