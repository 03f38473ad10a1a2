/** Buckets as they close, of a store in memory; that they are those of the real one is held by aggregate-updates.test.ts. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SentAggregate } from '../../src/domain/live-event.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { moment, seeded } from '../helpers/memory-store.ts';
import { range, rounds, World } from './world.ts';

const open = (world: World, scope: { streamId?: string; sessionId?: string }, bucket = 1) =>
  world.subscriptions().aggregates({ ...scope, bucket });

/** A running session whose moments come ten a second, and its stream. */
async function running() {
  const world = new World();
  const session = world.begin(await world.stream());
  return { world, session, sessionId: session.id, streamId: session.streamId };
}

/** What is told from now on, as it comes. */
function collect(updates: AsyncIterable<SentAggregate>) {
  const told: SentAggregate[] = [];
  const over = (async () => {
    for await (const update of updates) told.push(update);
  })();
  return { told, over };
}

const starts = (told: readonly SentAggregate[]) => told.map(({ bucket }) => bucket.start);

/** All that is told until nothing more comes. */
async function told(updates: AsyncIterableIterator<SentAggregate>): Promise<SentAggregate[]> {
  const { told } = collect(updates);
  await rounds(20);
  await updates.return?.();
  return told;
}

/** Commits a moment at so many seconds of media time. */
const commitAt = (world: World, session: SessionRecord, mediaTime: number) =>
  world.commit(session, 1, { mediaTime });

describe.each(range(1, 1 + Number(process.env.SEEDS ?? 4)))('interleaving %i', (seed) => {
  it('each bucket with something in it is told once and in order, and with all of its frames', async () => {
    const random = seeded(seed * 8_191);
    const { world, session, sessionId, streamId } = await running();
    world.store.beforeRead = async () => {
      if (random() < 0.2) await new Promise(setImmediate);
    };
    const bucket = 1 + Math.floor(random() * 4);
    let mediaTime = random() * 3;
    const play = async (count: number) => {
      for (let left = count; left > 0; left--) {
        mediaTime += random() < 0.05 ? random() * 9 : 0.1 + random() * 0.3;
        await commitAt(world, session, mediaTime);
        if (random() < 0.5) await new Promise(setImmediate);
      }
    };
    await play(Math.floor(random() * 40));
    const begin = Math.floor((world.store.moments.get(sessionId)?.at(-1)?.mediaTime ?? 0) / bucket) * bucket;
    const bySession = collect(await open(world, { sessionId }, bucket));
    const ofStream = await open(world, { streamId }, bucket);
    const byStream = collect(ofStream);
    await play(80);
    await world.end(session);
    await bySession.over;
    const frames = new Map<number, number>();
    for (const { mediaTime } of world.store.moments.get(sessionId)!) {
      const start = Math.floor(mediaTime / bucket) * bucket;
      if (start >= begin) frames.set(start, (frames.get(start) ?? 0) + 1);
    }
    expect(bySession.told.map(({ bucket }) => [bucket.start, bucket.frames])).toEqual([...frames]);
    while (byStream.told.length < frames.size) await new Promise(setImmediate);
    await ofStream.return?.();
    await byStream.over;
    expect(byStream.told).toEqual(bySession.told);
    expect(world.bus.subscribers).toBe(0);
  });
});

it('a bucket is told once a moment behind its end is stored, and not before', async () => {
  const { world, session, sessionId, streamId } = await running();
  const updates = await open(world, { sessionId }, 2);
  onTestFinished(() => void updates.return?.());
  const { told } = collect(updates);
  for (const time of [0, 1, 1.9]) await commitAt(world, session, time);
  await rounds(5);
  expect(told).toEqual([]);
  await commitAt(world, session, 2);
  await rounds(5);
  expect(told).toMatchObject([{ streamId, sessionId, bucket: { start: 0, end: 2, frames: 3 } }]);
});

it('begins with the bucket that is open, whatever came before it', async () => {
  const { world, session, sessionId } = await running();
  for (const time of [0, 1, 7.5]) await commitAt(world, session, time);
  const updates = await open(world, { sessionId }, 5);
  await commitAt(world, session, 9);
  await commitAt(world, session, 10);
  const rest = await told(updates);
  expect(starts(rest)).toEqual([5]);
  expect(rest[0]!.bucket.frames).toBe(2);
});

it.each(['sessionId', 'streamId'] as const)(
  'with the end of a session comes what is left of it, and with that the end of who follows it by %s',
  async (by) => {
    const { world, session, ...ids } = await running();
    const updates = await open(world, { [by]: ids[by] });
    const { told } = collect(updates);
    await world.commit(session, 15);
    await world.end(session);
    await rounds(5);
    expect(starts(told)).toEqual([0, 1]);
    // Of a stream the next session follows.
    const next = world.begin(session.streamId);
    await world.commit(next, 11);
    await rounds(5);
    expect(told.slice(2)).toMatchObject(
      by === 'sessionId' ? [] : [{ sessionId: next.id, bucket: { start: 0 } }],
    );
    expect(world.bus.subscribers).toBe(by === 'sessionId' ? 0 : 1);
    await updates.return?.();
    expect(world.bus.subscribers).toBe(0);
  },
);

it('a session of which only its moments are heard is told from its beginning', async () => {
  const { world, session, streamId } = await running();
  await world.end(session);
  const updates = await open(world, { streamId });
  const unheard = world.store.addSession(streamId);
  await world.commitUnheard(unheard, 5);
  await world.commit(unheard, 6);
  const all = await told(updates);
  expect(all).toMatchObject([{ sessionId: unheard.id, bucket: { start: 0, frames: 10 } }]);
});

it('another state of a running session closes no bucket', async () => {
  const { world, session, sessionId } = await running();
  const updates = await open(world, { sessionId });
  await world.commit(session, 5);
  await world.end(session, 'RUNNING');
  await world.end(session, 'RECONNECTING');
  await world.commit(session, 6);
  expect((await told(updates)).map(({ bucket }) => [bucket.start, bucket.frames])).toEqual([[0, 10]]);
});

it('of a session that is over nothing is told, and that at once', async () => {
  const { world, session, sessionId } = await running();
  await world.commit(session, 15);
  await world.end(session);
  expect(await (await open(world, { sessionId })).next()).toEqual({ done: true, value: undefined });
  expect(world.bus.subscribers).toBe(0);
});

it.each(['just before', 'long before'])(
  'a session that was over %s is not told for a status or a moment that comes late',
  async (when) => {
    const { world, session, streamId } = await running();
    if (when === 'long before') world.now = session.startedAt.getTime() + 3_600_000;
    await world.commit(session, 15);
    await world.end(session);
    const updates = await open(world, { streamId });
    world.bus.status(streamId, world.store.records.get(session.id)!);
    world.bus.moment(streamId, moment(session.id, 14), world.store.newest);
    expect(await told(updates)).toEqual([]);
  },
);

it('neither another state nor a copy of an old moment brings a bucket again', async () => {
  const { world, session, sessionId, streamId } = await running();
  const updates = await open(world, { sessionId });
  onTestFinished(() => void updates.return?.());
  const { told } = collect(updates);
  await world.commit(session, 25);
  await rounds(5);
  await world.end(session, 'RUNNING');
  world.bus.moment(streamId, moment(sessionId, 3), 0);
  await world.commit(session, 10);
  await rounds(5);
  expect(starts(told)).toEqual([0, 1, 2]);
});

it('the store is asked for a bucket once it is closed, and for nothing of other sessions', async () => {
  const { world, session, sessionId } = await running();
  world.now = session.startedAt.getTime() + 3_600_000;
  world.begin(await world.stream(), new Date(world.now));
  await world.commit(session, 1);
  let asked = 0;
  world.store.beforeRead = async () => void asked++;
  const updates = await open(world, { sessionId });
  onTestFinished(() => void updates.return?.());
  const { told } = collect(updates);
  // How far the session is.
  expect(asked).toBe(2);
  await world.commit(session, 8);
  await rounds(5);
  const before = asked;
  await world.commit(session, 1);
  await rounds(5);
  expect(asked).toBe(before);
  await world.commit(session, 1);
  await rounds(5);
  expect(asked).toBe(before + 1);
  expect(starts(told)).toEqual([0]);
});

it('news of commits takes no room in the queue', async () => {
  const { world, session, sessionId } = await running();
  const updates = await open(world, { sessionId });
  await world.commit(session, 11);
  for (const _ of range(0, 200)) world.feed.publish({ kind: 'committed', positions: [world.store.newest] });
  expect(starts(await told(updates))).toEqual([0]);
});

it('a store that fails ends the subscription with that failure, and nobody listens any more', async () => {
  const { world, session, sessionId } = await running();
  const updates = await open(world, { sessionId });
  world.store.beforeRead = async () => {
    throw new Error('the store is away');
  };
  await world.commit(session, 11);
  await expect(updates.next()).rejects.toThrow('the store is away');
  expect(world.bus.subscribers).toBe(0);
});

it('ends with the stream that is removed, also while it waits', async () => {
  const { world, session, streamId } = await running();
  const updates = await open(world, { streamId });
  await world.commit(session, 11);
  expect((await updates.next()).value).toMatchObject({ bucket: { start: 0 } });
  const waiting = updates.next();
  world.bus.removed(streamId);
  expect((await waiting).done).toBe(true);
  expect(world.bus.subscribers).toBe(0);
});

it('ends at once when it is returned while it waits', async () => {
  const { world, sessionId } = await running();
  const updates = await open(world, { sessionId });
  const waiting = updates.next();
  await updates.return?.();
  expect((await waiting).done).toBe(true);
  expect(updates.lost()).toBe(0);
  expect(world.bus.subscribers).toBe(0);
});

it('a slow reader misses no bucket, and hears the end of each session that its queue dropped', async () => {
  const { world, session, streamId } = await running();
  const updates = await open(world, { streamId });
  await world.commit(session, 25);
  await world.end(session);
  const next = world.begin(streamId);
  await world.commit(next, 101);
  const all = await told(updates);
  expect(all.map(({ sessionId, bucket }) => [sessionId === next.id, bucket.start, bucket.frames])).toEqual([
    [false, 0, 10],
    [false, 1, 10],
    [false, 2, 5],
    ...range(0, 10).map((start) => [true, start, 10]),
  ]);
});

it('an end that the queue dropped is told also where all that waited behind it was erased', async () => {
  const { world, session, sessionId } = await running();
  const updates = await open(world, { sessionId });
  await world.commit(session, 11);
  expect((await updates.next()).value).toMatchObject({ bucket: { start: 0 } });
  await world.commit(session, 4);
  await world.end(session);
  const copies = world.store.moments.get(sessionId)!;
  for (const _ of range(0, 5)) for (const copy of copies) world.bus.moment(session.streamId, copy, 0);
  world.feed.forget(({ kind }) => kind === 'moment');
  const { told, over } = collect(updates);
  await over;
  expect(starts(told)).toEqual([1]);
});

it.each(['sessionId', 'streamId'] as const)(
  'a session that ends while its subscription is opened is told to its end: by %s',
  async (by) => {
    const { world, session, ...ids } = await running();
    await world.commit(session, 45);
    let isEnding = false;
    world.store.beforeRead = async () => {
      if (isEnding) return;
      isEnding = true;
      // Nobody tells of it any more.
      await world.store.sessions.setState(session.id, 'ENDED');
    };
    const updates = await open(world, { [by]: ids[by] });
    expect(starts(await told(updates))).toEqual([4]);
  },
);

it('a session that is removed while its stream is subscribed to is told no more', async () => {
  const { world, session, streamId } = await running();
  await world.commit(session, 15);
  world.store.beforeRead = async () => {
    world.store.records.delete(session.id);
  };
  expect(await told(await open(world, { streamId }))).toEqual([]);
});

it.each([0, -1, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'a bucket of %d seconds is refused, and nobody listens',
  async (bucket) => {
    const { world, sessionId } = await running();
    await expect(open(world, { sessionId }, bucket)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: '`bucket` must be a whole number of seconds, 1 or more.',
    });
    expect(world.bus.subscribers).toBe(0);
  },
);

it('neither a stream nor a session, or both, are refused', async () => {
  const { world, sessionId, streamId } = await running();
  for (const scope of [{}, { sessionId, streamId }])
    await expect(open(world, scope)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: 'Give either `streamId` or `sessionId`.',
    });
  await expect(open(world, { sessionId: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(open(world, { streamId: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(world.bus.subscribers).toBe(0);
});

it('what fails while it is opened leaves nobody listening', async () => {
  const { world, sessionId } = await running();
  world.store.beforeRead = async () => {
    throw new Error('the store is away');
  };
  await expect(open(world, { sessionId })).rejects.toThrow('the store is away');
  expect(world.bus.subscribers).toBe(0);
});
