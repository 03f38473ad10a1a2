import { expect, test } from 'vitest';
import { createStreamCache } from '../../src/web/streams/stream-cache.js';
import type { SessionState, Status, Stream } from '../../src/web/types.d.ts';

const session = (state: SessionState) => ({ id: 's', startedAt: '', state, failure: null });
const stream = (state: SessionState): Stream => ({
  ...{ id: 'a', name: 'a', purpose: 'RESEARCH', frameRate: 10, preview: false, effectiveFrameRate: null },
  ...{ source: { kind: 'FILE', location: null }, latestSession: session(state) },
});
const listed = (state: SessionState, total = 1) => ({
  ...{
    streams: [{ ...stream(state), opened: { ...session(state), stream: { id: 'a', name: 'a' } } }],
    total,
  },
});
const status = (state: SessionState): Status => ({
  ...{ streamId: 'a', state, failure: null, effectiveFrameRate: null },
  session: { id: 's', startedAt: '' },
});

interface Answer {
  resolve(found: ReturnType<typeof listed>): void;
  reject(problem: Error): void;
}

/** A cache whose readings are answered by hand, in any order. */
function cacheByHand() {
  const asked: Answer[] = [];
  const cache = createStreamCache(() => new Promise((resolve, reject) => asked.push({ resolve, reject })));
  return { cache, asked };
}

test('of two readings of the list the newer one counts, with its total, whichever is answered or fails last', async () => {
  const { cache, asked } = cacheByHand();
  const [old, older, newest] = [cache.refresh(), cache.refresh(), cache.refresh()];
  asked[2]!.resolve(listed('RUNNING', 3));
  await newest;
  asked[0]!.resolve(listed('STARTING', 500));
  asked[1]!.reject(new Error('away'));
  await Promise.all([old, older]);
  expect([cache.total(), cache.get('a')?.latestSession?.state]).toEqual([3, 'RUNNING']);
});

test('a reading that fails says so, unless a newer one has succeeded', async () => {
  const { cache, asked } = cacheByHand();
  const failing = cache.refresh();
  asked[0]!.reject(new Error('away'));
  await expect(failing).rejects.toThrow('away');
});

test('a state that comes while the list is read is newer than what is read, of the stream and of its session', async () => {
  const { cache, asked } = cacheByHand();
  const first = cache.refresh();
  asked[0]!.resolve(listed('RUNNING'));
  await first;
  const second = cache.refresh();
  expect(cache.apply(status('ENDED'))).toBe(true);
  asked[1]!.resolve(listed('RUNNING'));
  await second;
  const { latestSession, opened } = cache.get('a')!;
  expect([latestSession?.state, opened?.state]).toEqual(['ENDED', 'ENDED']);
});
