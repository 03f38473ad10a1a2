/** Numbers that come the same again from the same seed (Mulberry32, Tommy Ettinger 2017). SEED=… tries others. */
export interface Random {
  /** From 0 up to, but not, `end`. */
  below(end: number): number;
  pick<T>(items: readonly T[]): T;
}

export const SEED = Number(process.env.SEED ?? 1);

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return { below, pick: (items) => items[below(items.length)]! };
}
