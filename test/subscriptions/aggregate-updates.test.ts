/** Buckets as they close: what is told is what is asked for afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import { bucketsOf } from '../../src/cli/recording-queries.ts';
import type { SentAggregate } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

async function openWorld() {
  const { store } = db;
  const bus = new MemoryBus();
  const live = createSubscriptions({
    ...{
      streams: store.streams,
      sessions: store.sessions,
      history: store.moments,
      log: store.log,
      feed: bus,
    },
    ...{ buckets: bucketsOf(store), now: Date.now },
  });
  const session = await db.session();
  await store.sessions.setState(session.id, 'RUNNING');
  let previous: Moment | undefined;
  return {
    ...{ bus, live, session },
    async record(next: Moment) {
      const position = await store.moments.append(next, [], previous);
      previous = next;
      bus.moment(session.streamId, next, position);
    },
    async end(end: number | null) {
      await store.moments.finish(session.id, [], { busy: 3 }, end);
      bus.status(session.streamId, await store.sessions.setState(session.id, 'ENDED'));
    },
  };
}

function collect(updates: AsyncIterable<SentAggregate>) {
  const told: SentAggregate[] = [];
  const over = (async () => {
    for await (const update of updates) told.push(update);
  })();
  return { told, over };
}

describe.each([1, 2, 3, 4, 5, 6])('interleaving %i', (seed) => {
  it('buckets are those of `aggregate`, each once and in order, through pauses and drops', async () => {
    const random = seeded(seed * 8_191);
    const { live, session, record, end } = await openWorld();
    const bucket = 1 + Math.floor(random() * 4);
    let mediaTime = random() * 3;
    const step = () => (random() < 0.05 ? random() * 9 : 0.1 + random() * 0.3);
    const play = async (from: number, count: number) => {
      for (let seq = from; seq < from + count; seq++) {
        const faces = Math.floor(random() * 3);
        const taken = step();
        mediaTime = Math.round((mediaTime + taken) * 1e6) / 1e6;
        const previousDuration = Math.round(Math.min(taken, 0.4) * 1e6) / 1e6;
        const dropped = random() < 0.1 ? { busy: 2 } : {};
        await record({ ...makeMoment(session.id, seq, { faces }), mediaTime, previousDuration, dropped });
        if (random() < 0.5) await new Promise(setImmediate);
      }
    };
    const before = Math.floor(random() * 40);
    await play(0, before);
    const begin = before === 0 ? 0 : Math.floor(mediaTime / bucket) * bucket;
    const bySession = collect(await live.aggregates({ sessionId: session.id, bucket }));
    const ofStream = await live.aggregates({ streamId: session.streamId, bucket });
    const byStream = collect(ofStream);
    await play(before, 80);
    await end(random() < 0.5 ? mediaTime + random() * 5 : null);
    await bySession.over;
    const all = await bucketsOf(db.store)(session.id, bucket, { from: begin });
    expect(all.length).toBeGreaterThan(1);
    expect(bySession.told.map((update) => update.bucket)).toEqual(all);
    while (byStream.told.length < all.length) await new Promise(setImmediate);
    expect(byStream.told).toEqual(bySession.told);
    await ofStream.return?.();
    await byStream.over;
  });
});

it('a bucket is told when a moment behind its end is stored, and a slow reader misses none', async () => {
  const { live, session, record, bus } = await openWorld();
  const updates = await live.aggregates({ sessionId: session.id, bucket: 1 });
  for (let seq = 0; seq < 300; seq++) await record(makeMoment(session.id, seq));
  const starts: number[] = [];
  while (starts.length < 29) starts.push((await updates.next()).value!.bucket.start);
  expect(starts).toEqual(Array.from({ length: 29 }, (_, at) => at));
  const next = updates.next();
  await record(makeMoment(session.id, 300));
  expect((await next).value).toMatchObject({
    sessionId: session.id,
    bucket: { start: 29, end: 30, frames: 10 },
  });
  await updates.return?.();
  expect(bus.subscribers).toBe(0);
});

it('what cannot be told is refused', async () => {
  const { live, session, bus } = await openWorld();
  const ids = { streamId: session.streamId, sessionId: session.id };
  for (const request of [{ bucket: 1 }, { ...ids, bucket: 1 }, { sessionId: session.id, bucket: 0.5 }])
    await expect(live.aggregates(request)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const gone = { sessionId: '00000000-0000-7000-8000-000000000009', bucket: 1 };
  await expect(live.aggregates(gone)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await db.store.sessions.setState(session.id, 'ENDED');
  expect(await (await live.aggregates({ sessionId: session.id, bucket: 1 })).next()).toEqual({
    done: true,
    value: undefined,
  });
  expect(bus.subscribers).toBe(0);
});
