/** What subscribers are told of a stream that is scored less often than it asks for. */
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { openTestApi, SESSION, STREAM } from './harness.ts';

const RUNNING: SessionRecord = {
  id: SESSION,
  streamId: STREAM,
  state: 'RUNNING',
  failure: null,
  modelId: 'm@1',
  startedAt: new Date(0),
  endedAt: null,
};

test('the status tells that a stream is overloaded while it runs, with its rate, and nothing of it afterwards', async () => {
  let overloaded = false;
  const api = await openTestApi({
    load: {
      effectiveFrameRate: () => (overloaded ? 4.2 : 10),
      isOverloaded: () => overloaded,
      warnings: () => [],
      capacity: () => ({ framesPerSecond: null, used: 0, asked: 0, left: null }),
    },
  });
  const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket });
  const events = client.iterate<{ streamStatus: object }>({
    query: 'subscription { streamStatus { state detail effectiveFrameRate } }',
  });
  const next = async () => (await events.next()).value?.data?.streamStatus;
  try {
    const first = next();
    await expect.poll(() => api.bus.subscribers).toBe(1);
    api.bus.status(STREAM, RUNNING);
    expect(await first).toEqual({ state: 'RUNNING', detail: null, effectiveFrameRate: 10 });
    overloaded = true;
    api.bus.status(STREAM, RUNNING, true);
    expect(await next()).toEqual({ state: 'RUNNING', detail: 'OVERLOADED', effectiveFrameRate: 4.2 });
    api.bus.status(STREAM, { ...RUNNING, state: 'ENDED', endedAt: new Date() });
    expect(await next()).toEqual({ state: 'ENDED', detail: null, effectiveFrameRate: null });
  } finally {
    await events.return?.();
    await client.dispose();
    await api.close();
  }
});
