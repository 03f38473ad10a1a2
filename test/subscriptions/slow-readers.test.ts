/** Moments of a session or a stream: what a full queue drops, a bus brings twice, and a store that changes or fails. */
import { expect, it, onTestFinished } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { range, rounds, seqs, take, World } from './world.ts';

const skipped = (sent: readonly SentMoment[]) =>
  sent.reduce((sum, { skippedBefore }) => sum + skippedBefore, 0);

const HOUR = 3_600_000;

/** A running session, who follows it or its stream, and has had so many of its moments. */
async function followed({ by = 'session' as 'session' | 'stream', had = 2 } = {}) {
  const world = new World();
  const session = world.begin(await world.stream());
  const { streamId } = session;
  const moments = await world.open(by === 'session' ? { sessionId: session.id } : { streamId });
  onTestFinished(() => void moments.return?.());
  for (let count = 0; count < had; count++) {
    await world.commit(session);
    await take(moments, 1);
  }
  return { world, session, streamId, moments };
}

/** The bus brings a moment again that is stored, so many times. */
function bringAgain(world: World, { id, streamId }: SessionRecord, seq: number, times: number): void {
  for (const _ of range(0, times)) world.bus.moment(streamId, world.store.moments.get(id)![seq]!, 0);
}

it('who is told everything by the bus asks the store for nothing', async () => {
  const { world, session, streamId, moments } = await followed({ by: 'stream' });
  let asked = 0;
  world.store.beforeRead = async () => void asked++;
  world.bus.status(streamId, session);
  await world.commit(session, 3);
  expect(seqs(await take(moments, 3))).toEqual([2, 3, 4]);
  expect(asked).toBe(0);
});

it('news of commits takes no room in the queue', async () => {
  const { world, session, moments } = await followed();
  await world.commit(session, world.capacity);
  for (const _ of range(0, 5)) world.feed.publish({ kind: 'committed', positions: null });
  expect(skipped(await take(moments, world.capacity))).toBe(0);
  expect(moments.lost()).toBe(0);
});

it('news of commits that waits behind an end that was dropped may be dropped, too', async () => {
  const { world, session, moments } = await followed();
  await world.end(session);
  bringAgain(world, session, 0, world.capacity);
  world.feed.publish({ kind: 'committed', positions: null });
  bringAgain(world, session, 0, world.capacity);
  expect(await moments.next()).toEqual({ done: true, value: undefined });
});

it.each(['waits', 'is dropped'])(
  'of a stream the next session follows behind an end that was dropped, and news of commits that %s',
  async (what) => {
    const { world, session, streamId, moments } = await followed({ by: 'stream' });
    await world.end(session);
    bringAgain(world, session, 0, world.capacity);
    world.feed.publish({ kind: 'committed', positions: null });
    if (what === 'is dropped') bringAgain(world, session, 0, world.capacity);
    const sent = take(moments, 2);
    await rounds(5);
    await world.commit(world.begin(streamId), 2);
    expect(seqs(await sent)).toEqual([0, 1]);
  },
);

it('copies of a session that is over and forgotten disturb nobody, also where the queue drops them while a hole is read', async () => {
  const { world, session, streamId, moments } = await followed({ by: 'stream' });
  await world.end(session);
  const next = world.begin(streamId, new Date(session.startedAt.getTime() + HOUR));
  await world.commit(next);
  await take(moments, 1);
  bringAgain(world, session, 1, world.capacity + 1);
  expect(moments.lost()).toBe(0);
  const sent = take(moments, 3);
  await rounds(5);
  await world.commitUnheard(next, 1);
  let isFirst = true;
  world.store.beforeRead = async () => {
    if (isFirst) bringAgain(world, session, 1, 2 * world.capacity);
    isFirst = false;
  };
  await world.commit(next);
  await rounds(5);
  await world.commit(next);
  expect(seqs(await sent)).toEqual([1, 2, 3]);
  expect(skipped(await sent)).toBe(0);
});

it('what is lost is known before it is told: of each session that a stream had, and no copies', async () => {
  const { world, session, streamId, moments } = await followed({ by: 'stream' });
  expect(moments.lost()).toBe(0);
  const next = world.begin(streamId);
  await world.commit(next, 1);
  await take(moments, 1);
  await world.commit(session, 5);
  await world.commit(next, 4 + world.capacity);
  expect(moments.lost()).toBe(9);
  bringAgain(world, session, 1, 2);
  expect(moments.lost()).toBe(11);
  const sent = await take(moments, 1);
  expect(sent).toMatchObject([{ skippedBefore: 11, moment: { sessionId: next.id, seq: 7 } }]);
  expect(moments.lost()).toBe(11);
});

it('copies that the queue drops are no loss, and tell their dropped frames once', async () => {
  const { world, session, moments } = await followed({ had: 5 });
  await world.commit(session, 1, { dropped: { busy: 1 } });
  await take(moments, 1);
  bringAgain(world, session, 5, world.capacity + 3);
  expect(moments.lost()).toBe(0);
  await world.commit(session, 1, { dropped: { busy: 1 } });
  expect(await take(moments, 1)).toMatchObject([
    { skippedBefore: 0, moment: { seq: 6, dropped: { busy: 1 } } },
  ]);
  bringAgain(world, session, 2, world.capacity + 3);
  await world.commit(session);
  expect(await take(moments, 1)).toMatchObject([{ skippedBefore: 0, moment: { seq: 7 } }]);
});

it('what was dropped is told with the next new moment, not with a copy that comes before it', async () => {
  const { world, session, moments } = await followed({ had: 3 });
  await world.commit(session, world.capacity);
  bringAgain(world, session, 2, world.capacity);
  await world.commit(session);
  const sent = await take(moments, 1);
  expect(sent).toMatchObject([{ skippedBefore: world.capacity, moment: { seq: 3 + world.capacity } }]);
});

it.each([
  ['that was sent', 1],
  ['that was dropped', 4],
  ['that was dropped last', 9],
])('behind a copy of a moment %s the end of a session brings all that was dropped', async (_, seq) => {
  const { world, session, moments } = await followed();
  await world.commit(session, world.capacity);
  bringAgain(world, session, seq, world.capacity);
  await world.end(session);
  const sent = await take(moments, 100);
  expect(seqs(sent)).toEqual(range(2, 2 + world.capacity));
  expect(skipped(sent)).toBe(0);
});

it('while a hole is read from the store nothing counts as lost, and from then on it does again', async () => {
  const { world, session, moments } = await followed();
  await world.commitUnheard(session, 2);
  const lost: number[] = [];
  let more = 2;
  world.store.beforeRead = async () => {
    if (more-- > 0) await world.commit(session, 2 * world.capacity);
    // Once the hole itself is read, what is dropped is caught up with.
    if (more < 0) lost.push(moments.lost());
  };
  await world.commit(session);
  const sent = await take(moments, 3 + 4 * world.capacity);
  expect(seqs(sent)).toEqual(range(2, 5 + 4 * world.capacity));
  expect(skipped(sent)).toBe(0);
  expect(new Set(lost)).toEqual(new Set([0]));
  const next = take(moments, 1);
  await rounds(5);
  await world.commit(session);
  await next;
  await world.commit(session, world.capacity + 3);
  expect(moments.lost()).toBe(3);
});

it('while the store is read behind a cursor nothing counts as lost', async () => {
  const { world, session, moments } = await followed();
  await moments.return?.();
  const again = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
  onTestFinished(() => void again.return?.());
  await world.commit(session, 3 * world.capacity);
  expect(again.lost()).toBe(0);
  expect(seqs(await take(again, 2 + 3 * world.capacity))).toEqual(range(0, 2 + 3 * world.capacity));
});

it('where the queue overflowed behind a cursor, the last moments come with the end, whatever the bus lost', async () => {
  const { world, session, moments } = await followed();
  await moments.return?.();
  const again = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
  await world.commit(session, 3 * world.capacity);
  const sent = await take(again, 2 + 3 * world.capacity);
  const rest = take(again, 100);
  await rounds(5);
  await world.commitUnheard(session, 3);
  await world.end(session);
  expect(seqs([...sent, ...(await rest)])).toEqual(range(0, 5 + 3 * world.capacity));
});

it('a session of which the bus lost the beginning is read whole, also where the queue overflows behind a cursor', async () => {
  const world = new World();
  const stream = await world.stream();
  const session = world.begin(stream);
  await world.commit(session, 5);
  const moments = await world.open({ streamId: stream, after: momentCursor(session.id, -1) });
  onTestFinished(() => void moments.return?.());
  expect(seqs(await take(moments, 1))).toEqual([0]);
  const next = world.store.addSession(stream);
  await world.commit(next, 3 * world.capacity);
  const sent = await take(moments, 4 + 3 * world.capacity);
  expect(seqs(sent)).toEqual([1, 2, 3, 4, ...range(0, 3 * world.capacity)]);
  expect(skipped(sent)).toBe(0);
});

it.each(['while it is opened', 'later'])(
  'a session whose beginning the queue dropped %s is sent, also where the clock was set back',
  async (when) => {
    const world = new World();
    const stream = await world.stream();
    const first = world.begin(stream);
    await world.commit(first);
    let isBegun = false;
    const begin = async () => {
      if (isBegun) return;
      isBegun = true;
      const second = world.begin(stream, new Date(first.startedAt.getTime() - HOUR));
      await world.commit(second, world.capacity + 4);
    };
    if (when === 'while it is opened') world.store.beforeRead = begin;
    const moments = await world.open({ streamId: stream });
    onTestFinished(() => void moments.return?.());
    await begin();
    const sent = await take(moments, world.capacity);
    expect(seqs(sent)).toEqual(range(4, 4 + world.capacity));
    expect(skipped(sent)).toBe(4);
  },
);

it('where moments of a hole were erased, each of those that are left is sent once', async () => {
  const { world, session, moments } = await followed();
  await world.commitUnheard(session, 5);
  const { page } = world.store;
  world.store.page = async (id, after, limit) =>
    (await page.call(world.store, id, after, 100)).filter(({ seq }) => seq % 2 === 1).slice(0, limit);
  const stored = world.store.moments.get(session.id)!;
  world.bus.moment(session.streamId, stored[5]!, 0);
  world.bus.moment(session.streamId, stored[6]!, 0);
  expect(seqs(await take(moments, 3))).toEqual([3, 5, 6]);
});

it.each(['behind a cursor', 'to fill a hole', 'at the end'])(
  'a store that fails while it is read %s ends the subscription with that failure',
  async (when) => {
    const { world, session, moments } = await followed();
    const again = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
    const one = when === 'behind a cursor' ? again : moments;
    await (when === 'behind a cursor' ? moments : again).return?.();
    world.store.beforeRead = async () => {
      throw new Error('the store is away');
    };
    if (when !== 'behind a cursor') await world.commitUnheard(session, 1);
    if (when === 'to fill a hole') await world.commit(session);
    if (when === 'at the end') await world.end(session);
    await expect(one.next()).rejects.toThrow('the store is away');
    expect(world.bus.subscribers).toBe(0);
  },
);

it('who leaves while the store is read is sent nothing more', async () => {
  const { world, session } = await followed();
  const again = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
  const waiting = again.next();
  await again.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await again.next()).toEqual({ done: true, value: undefined });
});

it.each(['a stream', 'a session'])('who follows %s has the store looked at for nothing else', async (of) => {
  const world = new World();
  world.now = Date.UTC(2100, 1);
  const session = world.begin(await world.stream());
  const ended = world.begin(session.streamId);
  await world.end(ended);
  for (const stream of [await world.stream(), await world.stream()]) world.begin(stream, new Date(world.now));
  let asked = 0;
  world.store.beforeRead = async () => void asked++;
  const { id: sessionId, streamId } = session;
  await (await world.open(of === 'a stream' ? { streamId } : { sessionId })).return?.();
  expect(asked).toBe(1);
});

it('of a stream all of the session that begins next comes with its end, whatever the bus lost', async () => {
  const { world, session, streamId, moments } = await followed({ by: 'stream' });
  await world.end(session);
  const next = world.begin(streamId);
  const sent = take(moments, 3);
  await rounds(5);
  await world.commitUnheard(next, 3);
  await world.end(next);
  expect(seqs(await sent)).toEqual([0, 1, 2]);
});

it('a session that began as it was subscribed to is sent, though the bus lost its beginning', async () => {
  const world = new World();
  const streamId = await world.stream();
  world.now = Date.UTC(2026, 1);
  const moments = await world.open({ streamId });
  onTestFinished(() => void moments.return?.());
  const session = world.store.addSession(streamId, { startedAt: new Date(world.now + 1) });
  await world.commitUnheard(session, 2);
  await world.commit(session);
  expect(seqs(await take(moments, 3))).toEqual([0, 1, 2]);
});

it('who resumes a session is sent nothing of the one that followed it', async () => {
  const { world, session, streamId } = await followed();
  await world.end(session);
  await world.commit(world.begin(streamId), 3);
  const again = await world.open({ sessionId: session.id, after: momentCursor(session.id, 0) });
  expect((await take(again, 10)).map(({ moment }) => [moment.sessionId, moment.seq])).toEqual([
    [session.id, 1],
  ]);
});
