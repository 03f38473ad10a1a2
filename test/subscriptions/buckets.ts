/** Buckets of what a store in memory holds: those with frames in them, and how many. */
import type { Aggregate } from '../../src/domain/aggregate.ts';
import type { MemoryStore } from '../helpers/memory-store.ts';

/** What is not counted here. */
const UNCOUNTED = {
  ...{ startedAt: null, endedAt: null, dropped: {}, readings: 0, abstained: 0, labels: [], durations: [] },
  ...{ probabilities: null, valence: null, arousal: null, quality: null },
  ...{ covered: 0, elapsed: 0, erased: 0, coverage: 0 },
};

export async function* bucketsOf(
  store: MemoryStore,
  sessionId: string,
  seconds: number,
  { from, to }: { from: number; to: number },
): AsyncGenerator<Aggregate[]> {
  await store.beforeRead();
  const frames = new Map<number, number>();
  for (const { mediaTime } of store.moments.get(sessionId) ?? []) {
    const start = Math.floor(mediaTime / seconds) * seconds;
    if (start >= from && start < to) frames.set(start, (frames.get(start) ?? 0) + 1);
  }
  // Pages of two: more than one, as of a long session.
  const all = [...frames].map(([start, count]) => ({
    ...UNCOUNTED,
    start,
    end: start + seconds,
    frames: count,
  }));
  for (let at = 0; at < all.length; at += 2) yield all.slice(at, at + 2);
}
