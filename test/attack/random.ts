/** Numbers that come the same again from the same seed (Mulberry32, Tommy Ettinger 2017). SEED=… tries others. */
import { seeded } from '../helpers/seeded.ts';

export interface Random {
  /** From 0 up to, but not, `end`. */
  below(end: number): number;
  pick<T>(items: readonly T[]): T;
}

export const SEED = Number(process.env.SEED ?? 1);

export function createRandom(seed: number): Random {
  const next = seeded(seed);
  const below = (end: number) => Math.floor(next() * end);
  return { below, pick: (items) => items[below(items.length)]! };
}
