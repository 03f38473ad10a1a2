/** Playlists that are put together by chance from what the other tricks are made of; the same ones each time. */
import { authorities } from './hosts.ts';
import { beside, PLACES, SCHEMES, WORDINGS } from './playlists.ts';
import type { Trick } from './trick.ts';

const SEED = 12;
const COUNT = 150;

export function mixtures(port: number): Trick[] {
  const pages = beside(`127.0.0.2:${port}`);
  const random = generator(SEED);
  const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const hosts = authorities(port);
  const places = Object.values(PLACES);
  const wordings = Object.values(WORDINGS);
  return Array.from({ length: COUNT }, (_, i) => {
    const uri = () => one(SCHEMES(one(hosts)));
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      random() < 0.5 ? one(places)(uri()) : one(wordings)(uri()),
    );
    const root = disturbed(parts.join(one(['', '\n', '\r', '#'])), random);
    return { name: `HLS by chance, ${i}`, root: 'root.m3u8', pages: { ...pages, 'root.m3u8': root } };
  });
}

/** With some characters doubled, left out or replaced by one that some parser takes for a limit; its head stays. */
function disturbed(text: string, random: () => number): string {
  let result = text;
  for (let times = Math.floor(random() * 4); times > 0; times--) {
    const at = 8 + Math.floor(random() * Math.max(1, result.length - 8));
    const limits = ['', '"', ',', '\n', '\r', '\t', '\0', '#', ':', ' ', result[at] ?? ''];
    result =
      result.slice(0, at) +
      limits[Math.floor(random() * limits.length)] +
      result.slice(at + Math.floor(random() * 2));
  }
  return result;
}

/** From 0 to 1: a linear congruential generator, with the constants of Numerical Recipes. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
