/** A subscription that resumes runs alone until it has caught up, and then shares the execution of all others. */
import { setImmediate } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import type { SentEvents, SentMoment } from '../../src/domain/live-event.ts';
import { beginningOf } from '../../src/domain/log-position.ts';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { createSubscriptions, type MomentsRequest, momentCursor } from '../../src/subscriptions/index.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';
import { moment, openTestApi, SESSION, STREAM, type TestApi, until } from './harness.ts';

const ONE = `subscription ($streamId: ID, $after: String) {
  frameEmotions(streamId: $streamId, after: $after) { seq skippedBefore }
}`;
const ALL = 'subscription ($after: String) { frameEmotions(after: $after) { seq skippedBefore } }';

let api: TestApi;
let store: MemoryStore;
let bus: MemoryBus;
let published: number;
let breakShared: boolean;
beforeEach(async () => {
  store = new MemoryStore();
  bus = new MemoryBus();
  published = 0;
  store.streams.set(STREAM, { ...STREAM_RECORD, id: STREAM });
  store.addSession(STREAM, { id: SESSION, state: 'RUNNING' });
  const subscriptions = createSubscriptions({
    ...{
      streams: store.repository,
      sessions: store.sessions,
      history: store,
      log: store.log,
      async *buckets() {},
      feed: bus,
    },
    now: Date.now,
  });
  breakShared = false;
  const moments = async (request: MomentsRequest, signal?: AbortSignal) => {
    const sent = await subscriptions.moments(request, signal);
    return request.after === undefined ? breakable(sent) : sent;
  };
  api = await openTestApi({ subscriptions: { ...subscriptions, moments } });
});
afterEach(() => api.close());

/** Fails at its next moment once `breakShared` is set. */
function breakable(sent: SentEvents<SentMoment>): SentEvents<SentMoment> {
  const iterator = sent[Symbol.asyncIterator]();
  const next = async () => {
    const step = await iterator.next();
    if (!breakShared) return step;
    await iterator.return?.();
    throw new Error('the shared one breaks');
  };
  const broken = { next, return: () => iterator.return!() };
  return { lost: () => sent.lost(), [Symbol.asyncIterator]: () => broken };
}

/** Commits and publishes so many moments more, a turn of the event loop apart. */
async function publish(count: number): Promise<void> {
  for (const last = published + count; published < last; published++) {
    const next = moment(published, 1, 0);
    bus.moment(STREAM, next, await store.append(next));
    await setImmediate();
  }
}

/** Subscribes, and collects what comes. */
function listen(query: string, variables: Record<string, unknown>) {
  const seqs: number[] = [];
  let skipped = 0;
  const client = createClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
  const results = client.iterate({ query, variables }) as AsyncIterableIterator<{
    data: { frameEmotions: { seq: number; skippedBefore: number } };
  }>;
  const over = (async () => {
    for await (const { data } of results) {
      seqs.push(data.frameEmotions.seq);
      skipped += data.frameEmotions.skippedBefore;
    }
  })();
  const leave = async () => {
    await results.return?.();
    await over;
  };
  return { seqs, skipped: () => skipped, leave };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const executions = (count: number) => until(() => bus.subscribers === count, `${count} executions run`);

test('subscribers that resume join the shared execution once caught up, and get every moment once', async () => {
  await publish(30);
  const watching = listen(ONE, { streamId: STREAM });
  await executions(1);
  const resumed = [];
  for (const seq of [3, 17, 29]) {
    resumed.push({ seq, ...listen(ONE, { streamId: STREAM, after: momentCursor(SESSION, seq) }) });
    await publish(10);
  }
  await until(async () => {
    await publish(1);
    return bus.subscribers === 1;
  }, 'all share one execution');
  await publish(20);
  const all = [watching, ...resumed];
  await until(() => all.every(({ seqs }) => seqs.at(-1) === published - 1), 'all have heard the last one');
  for (const { seq, seqs, skipped } of resumed) {
    expect(seqs).toEqual(range(seq + 1, published));
    expect(skipped()).toBe(0);
  }
  await Promise.all(all.map(({ leave }) => leave()));
  await executions(0);
});

test('a subscriber that resumes alone and leaves before a moment arrives leaves no execution behind', async () => {
  await publish(5);
  const resumed = listen(ONE, { streamId: STREAM, after: momentCursor(SESSION, 1) });
  await until(() => resumed.seqs.length === 3, 'it has caught up');
  await executions(2);
  await resumed.leave();
  await executions(0);
});

test('subscribers that resume over all streams join the shared execution too', async () => {
  await publish(5);
  const watching = listen(ALL, {});
  await executions(1);
  const after = encodeCursor({ kind: 'all', positions: [beginningOf(1) + 2] });
  const resumed = listen(ALL, { after });
  await until(() => resumed.seqs.length === 3, 'it has caught up');
  await publish(20);
  await until(() => resumed.seqs.at(-1) === 24 && watching.seqs.at(-1) === 24, 'both have heard all');
  expect(bus.subscribers).toBe(1);
  expect(resumed.seqs).toEqual(range(2, 25));
  await Promise.all([watching.leave(), resumed.leave()]);
});

test('those who resume at the newest moment, with nothing to catch up, share one execution from the next one on', async () => {
  await publish(5);
  const all = [0, 1, 2, 3].map(() => listen(ONE, { streamId: STREAM, after: momentCursor(SESSION, 4) }));
  await executions(5);
  await publish(40);
  await until(() => all.every(({ seqs }) => seqs.at(-1) === 44), 'all have heard the last one');
  expect(bus.subscribers).toBe(1);
  for (const { seqs, skipped } of all) {
    expect(seqs).toEqual(range(5, 45));
    expect(skipped()).toBe(0);
  }
  await Promise.all(all.map(({ leave }) => leave()));
  await executions(0);
});

test('a shared execution that fails before they have met leaves the one that resumed to its own, and tells its others why', async () => {
  await publish(5);
  const client = createClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
  const watching = client.iterate({ query: ONE, variables: { streamId: STREAM } });
  const told = watching.next();
  await executions(1);
  const resumed = listen(ONE, { streamId: STREAM, after: momentCursor(SESSION, 1) });
  await until(() => resumed.seqs.length === 3, 'it has caught up');
  await executions(2);
  breakShared = true;
  await publish(1);
  expect((await told).value).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
  await publish(20);
  await until(() => resumed.seqs.at(-1) === 25, 'it goes on alone');
  expect(resumed.seqs).toEqual(range(2, 26));
  expect(bus.subscribers).toBe(1);
  await resumed.leave();
  await executions(0);
});

test('a shared execution that cannot begin leaves the one that resumed to its own', async () => {
  await publish(5);
  // Whoever resumes does not ask which sessions run; who begins now does.
  const { live } = store.sessions;
  store.sessions.live = async () => {
    throw new Error('the store is away');
  };
  const resumed = listen(ONE, { streamId: STREAM, after: momentCursor(SESSION, 1) });
  await until(() => resumed.seqs.length === 3, 'it has caught up');
  await executions(1);
  store.sessions.live = live;
  await publish(20);
  await until(() => resumed.seqs.at(-1) === 24, 'it goes on alone');
  await resumed.leave();
  await executions(0);
});
