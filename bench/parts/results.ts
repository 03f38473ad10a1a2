/** The three shapes of a result: compared with another side, held under a limit, or only recorded. */
import { type Result, type Spread, spread } from '../harness.ts';

type Head = Pick<Result, 'row' | 'case' | 'unit'> & { note?: string };

export function compared(
  head: Head,
  rounds: { mien: Spread; against: Spread; ratio: Spread },
  name: string,
  target: Result['target'] = null,
): Result {
  return {
    ...head,
    mien: rounds.mien,
    against: { name, spread: rounds.against },
    ratio: rounds.ratio,
    target,
  };
}

/** Values that are to stay at or below `limit`, in the result's own unit; the ratio is the share of it used. */
export function limited(head: Head, values: readonly number[], limit: number): Result {
  return {
    ...head,
    mien: spread(values),
    against: { name: 'limit', spread: spread(values.map(() => limit)) },
    ratio: spread(values.map((value) => value / limit)),
    target: { atMost: 1 },
  };
}

export function recorded(head: Head, values: readonly number[]): Result {
  return { ...head, mien: spread(values), against: null, ratio: null, target: null };
}
