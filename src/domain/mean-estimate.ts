/** What values of several sessions say of sessions like them: their mean, and how far it can be trusted. */
export interface Estimate {
  /** How many values. */
  n: number;
  /** Null without a value. */
  mean: number | null;
  /** Of a sample (n - 1); null with fewer than two values. */
  standardDeviation: number | null;
  /** Of the mean, 95 %, by Student's t distribution; null with fewer than two values. */
  interval: { low: number; high: number } | null;
}

/** Makes estimates; how wide an interval is for so many values is computed once. */
export type EstimateOf = (values: readonly number[]) => Estimate;

export function createEstimateOf(): EstimateOf {
  const factors = new Map<number, number>();
  const factorOf = (freedom: number) => {
    const factor = factors.get(freedom) ?? studentQuantile(freedom);
    factors.set(freedom, factor);
    return factor;
  };
  return (values) => {
    const n = values.length;
    if (n === 0) return { n, mean: null, standardDeviation: null, interval: null };
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    if (n === 1) return { n, mean, standardDeviation: null, interval: null };
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const standardDeviation = Math.sqrt(squares / (n - 1));
    const margin = (factorOf(n - 1) * standardDeviation) / Math.sqrt(n);
    return { n, mean, standardDeviation, interval: { low: mean - margin, high: mean + margin } };
  };
}

const CONFIDENCE = 0.95;

/** The t within whose both signs 95 % of Student's distribution lie. @param freedom degrees of it, a whole number from 1 */
export function studentQuantile(freedom: number): number {
  // By the angle, whose tangent is t / √freedom, so that it is looked for in a bounded stretch.
  let [low, high] = [0, Math.PI / 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentShare(middle, freedom) < CONFIDENCE) low = middle;
    else high = middle;
  }
  return Math.tan((low + high) / 2) * Math.sqrt(freedom);
}

/** The share between both signs of t: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function studentShare(angle: number, freedom: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= (cosine * cosine * (power - 1)) / power;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
