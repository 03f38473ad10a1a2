/** Frames scored in order, while vision is never left without the next ones. */
import type { Frame } from '../domain/frame.ts';

/**
 * What `score` makes of each frame, in their order.
 * @param score null: there is nothing to tell of this frame
 * @param ahead frames that are handed over while one before them is still being scored; with 0 the next frame is asked
 *   for only then, so that it is the newest there is
 * @throws what `frames` and `score` throw, once the frames before are told
 */
export async function* scoreInOrder<Score>(
  frames: AsyncIterable<Frame>,
  score: (frame: Frame) => Promise<Score> | null,
  ahead: number,
): AsyncGenerator<Score, void, undefined> {
  const iterator = frames[Symbol.asyncIterator]();
  const scoring: Promise<ScoreOutcome<Score>>[] = [];
  let nextFrame: Promise<FrameOutcome> | null = null;
  let end: FrameOutcome | null = null;
  try {
    for (;;) {
      if (end === null && scoring.length <= ahead) nextFrame ??= outcomeOf('frame', iterator.next());
      const first = scoring[0];
      if (!first && !nextFrame) break;
      const outcome = await Promise.race([first ?? nextFrame!, nextFrame ?? first!]);
      if (outcome.kind === 'scored') {
        void scoring.shift();
        if (!('value' in outcome)) throw outcome.error;
        yield outcome.value;
        continue;
      }
      nextFrame = null;
      if (!('value' in outcome) || outcome.value.done) end = outcome;
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
type FrameOutcome = Settled<'frame', IteratorResult<Frame>>;
type ScoreOutcome<Score> = Settled<'scored', Score>;
type Settled<Kind, T> = { kind: Kind; value: T } | { kind: Kind; error: unknown };

function outcomeOf<Kind extends 'frame' | 'scored', T>(
  kind: Kind,
  promise: Promise<T>,
): Promise<Settled<Kind, T>> {
  return promise.then(
    (value) => ({ kind, value }),
    (error: unknown) => ({ kind, error }),
  );
}
