/** A server of one session that can be stopped and started again, while the session goes on. */
import { setImmediate } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';
import { moment, openTestApi, SESSION, STREAM } from './harness.ts';

/** On the same port each time. */
export async function openRestartable() {
  const store = new MemoryStore();
  store.streams.set(STREAM, { ...STREAM_RECORD, id: STREAM });
  store.addSession(STREAM, { id: SESSION, state: 'RUNNING' });
  let bus = new MemoryBus();
  const open = (port: number) => {
    bus = new MemoryBus();
    const parts = {
      streams: store.repository,
      sessions: store.sessions,
      history: store,
      log: store.log,
      async *buckets() {},
      feed: bus,
    };
    return openTestApi({ subscriptions: createSubscriptions({ ...parts, now: Date.now }) }, { port });
  };
  let api = await open(0);
  const { url } = api;
  onTestFinished(() => api.close());
  let published = 0;
  return {
    url,
    subscribers: () => bus.subscribers,
    stop: () => api.close(),
    /** As retention deletes what was published. */
    expire() {
      const extent = store.extent.bind(store);
      const oldest = published;
      store.extent = async (id) => ({ ...(await extent(id)), oldest });
    },
    async start() {
      api = await open(Number(new URL(url).port));
    },
    async publish(count: number) {
      for (const last = published + count; published < last; published++) {
        const next = moment(published, 1, 0);
        bus.moment(STREAM, next, await store.append(next));
        await setImmediate();
      }
    },
  };
}
