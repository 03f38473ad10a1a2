/** What every row of the bench shares: paired rounds, their median and spread, and how a result is written down. */

export interface Spread {
  median: number;
  min: number;
  max: number;
  rounds: number;
}

/** One line of the table: what mien reached, what its limit or peer reached in the same rounds, and their ratio. */
export interface Result {
  row: string;
  case: string;
  unit: string;
  mien: Spread;
  against: { name: string; spread: Spread } | null;
  /** mien over against, pair by pair. */
  ratio: Spread | null;
  /** What the project asks of the ratio; null where it only records. */
  target: { atLeast?: number; atMost?: number } | null;
  note?: string;
}

export interface Row {
  name: string;
  measures: string;
  run(options: RowOptions): AsyncIterable<Result>;
}

export interface RowOptions {
  /** Fewer and shorter rounds, to see that a row works. */
  quick: boolean;
  log(line: string): void;
  /** Something that the row measures is not here; the bench goes on, and fails in the end. */
  leftOut(what: string): void;
}

export type Measure = () => Promise<number>;

/**
 * Runs `mien` and `against` in turn, A B A B …, after one uncounted round of each, so that a machine which
 * speeds up or slows down moves both; the ratio is taken pair by pair.
 */
export async function inTurn(
  mien: Measure,
  against: Measure,
  rounds: number,
): Promise<{ mien: Spread; against: Spread; ratio: Spread }> {
  await mien();
  await against();
  const pairs: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    // Every other round starts with the other side, so that neither always runs on the warmer cache.
    const first = round % 2 === 0 ? await mien() : await against();
    const second = round % 2 === 0 ? await against() : await mien();
    const [a, b] = round % 2 === 0 ? [first, second] : [second, first];
    pairs.push([measured('mien', a), measured('what it is held against', b)]);
  }
  return {
    mien: spread(pairs.map(([a]) => a)),
    against: spread(pairs.map(([, b]) => b)),
    ratio: spread(pairs.map(([a, b]) => a / b)),
  };
}

/** @throws Error when a value is missing */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('spread of no values');
  if (!values.every(Number.isFinite)) throw new Error(`a value is missing among ${values.join(', ')}`);
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0]!,
    max: sorted.at(-1)!,
    rounds: sorted.length,
  };
}

/** Linear interpolation between closest ranks of ascending `sorted`. */
export function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

/** The value of something that must be there. @throws Error when it is not above 0 */
export function measured(what: string, value: number): number {
  if (value > 0 && value < Infinity) return value;
  throw new Error(`Nothing was measured of ${what}: ${value}.`);
}

export function meets(result: Result): boolean | null {
  if (result.target === null || result.ratio === null) return null;
  const { atLeast, atMost } = result.target;
  return result.ratio.median >= (atLeast ?? -Infinity) && result.ratio.median <= (atMost ?? Infinity);
}
