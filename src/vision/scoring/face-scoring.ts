/** A face on its way through the ensemble; it may be begun before it is known whether anyone will wait for it. */

import type { Similarity } from '../image/geometry.ts';
import type { Ensemble, FaceCrop, Score } from './ensemble.ts';

/** `began`: when the run did, in milliseconds. */
export type Outcome = { score: Score; began: number } | { error: unknown };

export interface Scoring {
  /** Where the face was cut. */
  toCrop: Similarity;
  /** Tells what came of it, now or later; one listener. */
  whenDone(tell: (outcome: Outcome) => void): void;
  /** Nobody waits for it: it is not scored, if its run has not begun. */
  withdraw(): void;
}

/** Hands a face to the ensemble. */
export function beginScoring(ensemble: Ensemble, face: FaceCrop): Scoring {
  let outcome: Outcome | null = null;
  let listener = (_: Outcome) => {};
  const settle = (settled: Outcome) => {
    outcome = settled;
    listener(settled);
  };
  const withdraw = ensemble.add(face, {
    take: (score, began) => settle({ score, began }),
    fail: (error) => settle({ error }),
  });
  return {
    toCrop: face.toCrop,
    withdraw,
    whenDone(tell) {
      if (outcome) tell(outcome);
      else listener = tell;
    },
  };
}

/** Takes out of a list the one that was cut right there, if there is one. */
export function takeScoring(list: Scoring[], toCrop: Similarity): Scoring | undefined {
  const at = list.findIndex((scoring) => isSame(scoring.toCrop, toCrop));
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

function isSame(one: Similarity, other: Similarity): boolean {
  return one.a === other.a && one.b === other.b && one.tx === other.tx && one.ty === other.ty;
}
