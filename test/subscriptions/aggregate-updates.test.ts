/** Buckets as they close: what is told is what is asked for afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import { bucketsOf } from '../../src/cli/serve/recording-queries.ts';
import type { Aggregate } from '../../src/domain/aggregate.ts';
import type { SentAggregate } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { createStore, MODEL, type TestStore } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeMoment } from '../helpers/moments.ts';
import { range } from './world.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

async function openWorld() {
  const { store } = db;
  const bus = new MemoryBus();
  /** What happens while a subscription is opened. */
  const hooks = { beforeExtent: async () => {}, beforeLive: async () => {} };
  const live = createSubscriptions({
    ...{
      streams: store.streams,
      sessions: {
        ...store.sessions,
        async live(streamId) {
          await hooks.beforeLive();
          return store.sessions.live(streamId);
        },
      },
      history: {
        ...store.moments,
        async extent(id) {
          await hooks.beforeExtent();
          return store.moments.extent(id);
        },
      },
      log: store.log,
      feed: bus,
    },
    ...{ buckets: bucketsOf(store), now: Date.now },
  });
  const session = await db.session();
  await store.sessions.setState(session.id, 'RUNNING');
  let previous: Moment | undefined;
  return {
    ...{ bus, live, session, hooks },
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
    const pages = bucketsOf(db.store)(session.id, bucket, { from: begin, to: Number.POSITIVE_INFINITY });
    const all: Aggregate[] = [];
    for await (const page of pages) all.push(...page);
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

it('behind a hole of a week the buckets go on, and those of many days are told page by page', async () => {
  const { live, session, record, end } = await openWorld();
  await record(makeMoment(session.id, 0));
  const told = collect(await live.aggregates({ sessionId: session.id, bucket: 1 }));
  const week = 7 * 86_400;
  for (const seq of range(1, 3)) await record({ ...makeMoment(session.id, seq), mediaTime: week + seq });
  while (told.told.length < 2) await new Promise(setImmediate);
  for (const seq of range(3, 6))
    await record({ ...makeMoment(session.id, seq), mediaTime: seq * 10_000 + week });
  await end(null);
  await told.over;
  const starts = told.told.map(({ bucket }) => bucket.start);
  expect(starts).toEqual([0, week + 1, week + 2, ...range(3, 6).map((seq) => seq * 10_000 + week)]);
});

it.each(['stream', 'session'])(
  'of a %s that ends while it is subscribed, the open bucket is told, and none before',
  async (of) => {
    const { live, session, record, end, bus, hooks } = await openWorld();
    for (const seq of range(0, 50)) await record(makeMoment(session.id, seq));
    let ending: Promise<void> | undefined;
    hooks.beforeExtent = () => (ending ??= end(null));
    const scope = of === 'stream' ? { streamId: session.streamId } : { sessionId: session.id };
    const updates = await live.aggregates({ ...scope, bucket: 1 });
    const told = collect(updates);
    while (told.told.length === 0) await new Promise(setImmediate);
    for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
    expect(told.told.map(({ bucket }) => bucket.start)).toEqual([4]);
    await updates.return?.();
    await told.over;
    expect(bus.subscribers).toBe(0);
  },
);

it('of a session that ends before it was read which ones run, nothing is told that was over before', async () => {
  const { live, session, record, end, hooks } = await openWorld();
  for (const seq of range(0, 50)) await record(makeMoment(session.id, seq));
  let ending: Promise<void> | undefined;
  hooks.beforeLive = () => (ending ??= end(null));
  const updates = await live.aggregates({ streamId: session.streamId, bucket: 1 });
  const told = collect(updates);
  for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
  await updates.return?.();
  await told.over;
  expect(told.told.map(({ bucket }) => bucket.start).filter((start) => start < 4)).toEqual([]);
});

it('an end that the queue dropped is told also where all that came behind it was erased meanwhile', async () => {
  const { live, session, record, end, bus } = await openWorld();
  const updates = await live.aggregates({ sessionId: session.id, bucket: 1 });
  const moments = range(0, 25).map((seq) => makeMoment(session.id, seq));
  for (const moment of moments.slice(0, 12)) await record(moment);
  const starts = [(await updates.next()).value!.bucket.start];
  for (const moment of moments.slice(12)) await record(moment);
  await end(null);
  for (let times = 0; times < 3; times++) for (const late of moments) bus.moment(session.streamId, late, 0);
  bus.forget(({ kind }) => kind === 'moment');
  const told = collect(updates);
  await expect.poll(() => told.told.length).toBe(2);
  await told.over;
  starts.push(...told.told.map(({ bucket }) => bucket.start));
  expect(starts).toEqual([0, 1, 2]);
});

it('a session that was over before, and of which the bus tells late, is not told', async () => {
  const { live, session, record, end, bus } = await openWorld();
  for (const seq of range(0, 50)) await record(makeMoment(session.id, seq));
  await end(null);
  const updates = await live.aggregates({ streamId: session.streamId, bucket: 1 });
  const told = collect(updates);
  const over = await db.store.sessions.get(session.id);
  for (let times = 0; times < 2; times++) bus.status(session.streamId, over!);
  const next = await db.store.sessions.create({ streamId: session.streamId, modelId: MODEL.id });
  bus.status(session.streamId, next);
  for (const seq of range(0, 12)) {
    const moment = makeMoment(next.id, seq);
    bus.moment(session.streamId, moment, await db.store.moments.append(moment, []));
  }
  while (!told.told.some(({ sessionId }) => sessionId === next.id)) await new Promise(setImmediate);
  expect(told.told.filter(({ sessionId }) => sessionId === session.id)).toEqual([]);
  await updates.return?.();
  await told.over;
});

it('where the newest moments were erased, a subscription begins behind the last that is left', async () => {
  const { live, session, record, end } = await openWorld();
  for (const seq of range(0, 50)) await record(makeMoment(session.id, seq));
  await db.store.prisma.$executeRaw`DELETE FROM moment WHERE session_id = ${session.id}::uuid AND seq > 44`;
  const told = collect(await live.aggregates({ sessionId: session.id, bucket: 1 }));
  for (const seq of range(50, 60)) await record(makeMoment(session.id, seq));
  await end(null);
  await told.over;
  expect(told.told.map(({ bucket }) => bucket.start)).toEqual([4, 5]);
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
