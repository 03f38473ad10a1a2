/** Which moments the stage of a recorded session has, while some are still being read, and when the session is gone. */
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { MomentCache } from '../../src/web/recorded/moment-cache.js';

interface Part {
  from: number;
  answer(session: unknown): void;
}

const WAIT = { timeout: 20_000 };
const parts: Part[] = [];
vi.stubGlobal('document', { baseURI: 'http://mien.example/' });
vi.stubGlobal('fetch', (_url: string, { body }: { body: string }) => {
  const { from } = JSON.parse(body).variables.range.media;
  return new Promise((resolve) => {
    parts.push({ from, answer: (session) => resolve(Response.json({ data: { session } })) });
  });
});
afterEach(() => {
  parts.length = 0;
});
afterAll(() => vi.unstubAllGlobals());

/** Once it is asked for. */
const partFrom = (start: number) => vi.waitUntil(() => parts.find(({ from }) => from === start), WAIT);
const moments = (...times: number[]) => ({
  timeline: {
    nodes: times.map((mediaTime, seq) => ({ seq, mediaTime, previousDuration: 1, faces: [] })),
    pageInfo: { hasNextPage: false },
  },
});

test('no moment is beside a time whose own moments are not here yet, though those behind them are', async () => {
  const onRead = vi.fn();
  const cache = new MomentCache({ onRead, onProblem: () => {} });
  cache.open('session');
  expect(cache.beside(2, 1)).toBeNull();
  (await partFrom(5)).answer(moments(5, 6, 7));
  await vi.waitFor(() => expect(onRead).toHaveBeenCalledTimes(1), WAIT);
  expect(cache.beside(2, 1)).toBeNull();
  (await partFrom(0)).answer(moments(0, 1, 2, 3, 4));
  await vi.waitFor(() => expect(onRead).toHaveBeenCalledTimes(2), WAIT);
  expect(cache.beside(2, 1)?.mediaTime).toBe(3);
  expect(cache.beside(4, 1)?.mediaTime).toBe(5);
  expect(cache.beside(5, -1)?.mediaTime).toBe(4);
  cache.close();
});

test('that its session was removed is told, and is not taken for a time at which nothing was scored', async () => {
  const onProblem = vi.fn();
  const cache = new MomentCache({ onRead: () => {}, onProblem });
  cache.open('session');
  cache.at(2);
  (await partFrom(0)).answer(null);
  await vi.waitFor(() => expect(onProblem).toHaveBeenCalled(), WAIT);
  expect(onProblem.mock.lastCall?.[0].message).toMatch(/^This session was removed/);
  expect(cache.knows(2)).toBe(false);
  cache.close();
});
