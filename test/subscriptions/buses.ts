/** The buses over which what is sent must be the same: of one server, and from one to another, however messages come. */
import { MemoryBus } from '../../src/bus/index.ts';
import { apart, Way } from '../bus/faulty.ts';
import { type MemoryStore, seeded } from '../helpers/memory-store.ts';
import type { OpenBus } from './world.ts';

const BUSES: Record<string, (seed: number) => OpenBus> = {
  'on one server': () => () => {
    const bus = new MemoryBus();
    return { bus, feed: bus };
  },
  'on another server': () => (store) => opened(new Way(), store),
  'on another server, each message twice and shuffled': (seed) => (store) =>
    opened(new Way({ random: seeded(seed), twice: true, shuffled: 12 }), store),
};

/** Each with seeds from 1 on. `SEEDS=100 npm run test:unit -- test/subscriptions` tries more. */
export const EACH_BUS = Object.entries(BUSES).flatMap(([name, openOf], at) => {
  const seeds = Number(process.env.SEEDS ?? (at === 0 ? 6 : 2));
  return Array.from({ length: seeds }, (_, index) => ({ name, seed: index + 1, open: openOf(index + 1) }));
});

function opened(way: Way, store: MemoryStore) {
  const { bus, feed } = apart(way, store);
  return { bus, feed };
}
