/** Moments of all streams where the bus leaves something out, or the reader is slow: read from the store, or told as missed. */
import { expect, it, onTestFinished } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import type { MomentsRequest } from '../../src/subscriptions/index.ts';
import { moment, seeded } from '../helpers/memory-store.ts';
import { makeFace } from '../helpers/moments.ts';
import { range, rounds, seqs, take, World } from './world.ts';

const everything = encodeCursor({ kind: 'all', positions: [] });

/** Two sessions, each of a stream of its own, and who follows all streams. */
async function followed(request: MomentsRequest = {}, change: Partial<World> = {}) {
  const world = Object.assign(new World(), change);
  const [one, other] = [world.begin(await world.stream()), world.begin(await world.stream())];
  const moments = await world.open(request);
  onTestFinished(() => void moments.return?.());
  /** How often the store was asked. */
  const asked = { times: 0 };
  world.store.beforeRead = async () => void asked.times++;
  return { world, one, other, moments, asked };
}

/** What comes until nothing more does. */
async function all(moments: AsyncIterator<SentMoment>): Promise<SentMoment[]> {
  const sent: SentMoment[] = [];
  void (async () => {
    for (let next = await moments.next(); !next.done; next = await moments.next()) sent.push(next.value);
  })();
  await rounds(20);
  return sent;
}

const skipped = (sent: readonly SentMoment[]) =>
  sent.reduce((sum, { skippedBefore }) => sum + skippedBefore, 0);

it('who is told everything by the bus asks the store for nothing', async () => {
  const { world, one, moments, asked } = await followed();
  await world.commit(one, 3);
  world.bus.status(one.streamId, one);
  world.feed.publish({ kind: 'committed', positions: [world.store.newest] });
  await world.commit(one, 2);
  expect(seqs(await all(moments))).toEqual(range(0, 5));
  expect(asked.times).toBe(0);
});

it('what was committed before it was subscribed to, and after it, is no hole', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 3);
  const moments = await world.open({});
  let asked = 0;
  world.store.beforeRead = async () => void asked++;
  await world.commit(session);
  expect(seqs(await take(moments, 1))).toEqual([3]);
  expect(asked).toBe(0);
  await world.commitUnheard(session, 2);
  await world.commit(session);
  expect(seqs(await take(moments, 3))).toEqual([4, 5, 6]);
  await moments.return?.();
});

it.each([
  ['by their positions', (world: World) => [world.store.newest]],
  ['without them', () => null],
])('what the bus says to be committed, %s, and did not bring, is read from the store', async (_, told) => {
  const { world, one, moments } = await followed();
  await world.commitUnheard(one, 3);
  world.feed.publish({ kind: 'committed', positions: told(world) });
  const sent = await all(moments);
  expect(seqs(sent)).toEqual(range(0, 3));
  expect(skipped(sent)).toBe(0);
});

it('where another server goes on, what the former one committed last is read, though no bus told of it', async () => {
  const { world, one, other, moments } = await followed();
  await world.commit(one);
  await world.commitUnheard(one, 2);
  world.store.writer = 2;
  await world.commit(other);
  const sent = await all(moments);
  expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId === one.id, seq])).toEqual([
    [true, 0],
    [true, 1],
    [true, 2],
    [false, 0],
  ]);
});

it('what the queue drops while a hole is read is read from there, too, and counts as lost at no time', async () => {
  const { world, one, moments } = await followed();
  await world.commit(one, world.capacity + 2);
  const [first] = await take(moments, 1);
  expect(first!.skippedBefore).toBe(2);
  expect((await take(moments, world.capacity - 1)).length).toBe(world.capacity - 1);
  await world.commitUnheard(one, 3);
  const lost: number[] = [];
  let more = 4;
  world.store.beforeRead = async () => {
    if (more-- > 0) await world.commit(one, 2 * world.capacity);
    lost.push(moments.lost());
  };
  await world.commit(one);
  const sent = await all(moments);
  expect(seqs(sent)).toEqual(range(world.capacity + 2, world.capacity + 6 + 8 * world.capacity));
  expect(skipped(sent)).toBe(0);
  expect(new Set(lost)).toEqual(new Set([2]));
  expect(moments.lost()).toBe(2);
  // From there on, what is dropped is lost again.
  await world.commit(one, world.capacity + 4);
  expect(moments.lost()).toBeGreaterThan(2);
});

it('the dropped frames of what a slow reader missed come with the next moment of the same session', async () => {
  const { world, one, other, moments } = await followed();
  const each = async (session: SessionRecord, count: number) =>
    world.commit(session, count, { dropped: { busy: 1 } });
  await each(one, 3);
  await each(other, 2);
  // A state that waits between them takes nothing of it.
  world.bus.status(one.streamId, one);
  await each(one, world.capacity - 2);
  await each(other, 1);
  const sent = await take(moments, world.capacity - 1);
  const [next] = sent.filter(({ moment }) => moment.sessionId === one.id);
  const [last] = sent.filter(({ moment }) => moment.sessionId === other.id);
  expect(next!.moment).toMatchObject({ seq: 3, dropped: { busy: 4 } });
  expect(last!.moment).toMatchObject({ seq: 2, dropped: { busy: 3 } });
  expect(skipped(sent)).toBe(5);
});

it('also of what is dropped while the reader waits, behind a state that it is handed', async () => {
  const { world, one, moments } = await followed();
  const waiting = take(moments, 1);
  await rounds(1);
  const added = range(0, world.capacity + 2).map((seq) => moment(one.id, seq, { dropped: { busy: 1 } }));
  const positions: number[] = [];
  for (const next of added) positions.push(await world.store.append(next));
  world.bus.status(one.streamId, one);
  for (const [at, next] of added.entries()) world.bus.moment(one.streamId, next, positions[at]!);
  const [first] = await waiting;
  expect(first).toMatchObject({ skippedBefore: 2, moment: { seq: 2, dropped: { busy: 3 } } });
});

it('and of what is dropped before and behind such a state, together', async () => {
  const { world, one, moments } = await followed();
  await world.commit(one);
  await take(moments, 1);
  const publish: (() => void)[] = [];
  for (const seq of range(1, 12)) {
    const next = moment(one.id, seq, { dropped: { busy: 1 } });
    const position = await world.store.append(next);
    publish.push(() => world.bus.moment(one.streamId, next, position));
  }
  const bring = (count: number) => {
    for (const tell of publish.splice(0, count)) tell();
  };
  bring(2);
  world.bus.status(one.streamId, one);
  bring(7);
  const waiting = moments.next();
  // The state was taken; this drops one more.
  bring(2);
  expect((await waiting).value).toMatchObject({ skippedBefore: 3, moment: { seq: 4, dropped: { busy: 4 } } });
});

it('states that the queue drops disturb nobody', async () => {
  const { world, one, moments } = await followed();
  for (const _ of range(0, 2 * world.capacity)) world.bus.status(one.streamId, one);
  await world.commit(one);
  expect(await take(moments, 1)).toMatchObject([{ skippedBefore: 0, moment: { seq: 0 } }]);
  expect(moments.lost()).toBe(0);
});

/** Only moments with a face, of which these have none. */
const FACES = { filter: { minConfidence: 0 } };
const FACE = makeFace(1, seeded(1));

it.each(['RUNNING', 'ENDED'] as const)(
  'what is left out of one session leaves its dropped frames to it, though another is %s meanwhile',
  async (state) => {
    const { world, one, other, moments } = await followed(FACES, { remembered: 2 });
    const third = world.begin(await world.stream());
    const leftOut = (session: SessionRecord) => world.commit(session, 1, { dropped: { busy: 1 } });
    await leftOut(one);
    if (state === 'RUNNING') await world.end(one, 'RUNNING');
    await leftOut(other);
    await world.end(other, state);
    if (state === 'ENDED') await leftOut(third);
    await rounds(2);
    await world.commit(one, 1, { faces: [FACE] });
    const [sent] = await take(moments, 1);
    expect(sent!.moment).toMatchObject({ sessionId: one.id, dropped: { busy: 1 } });
  },
);

it('a store that fails ends the subscription with that failure, and nobody listens any more', async () => {
  const { world, one, moments } = await followed();
  await world.commit(one);
  await take(moments, 1);
  world.store.beforeRead = async () => {
    throw new Error('the store is away');
  };
  await world.commitUnheard(one, 1);
  await world.commit(one);
  await expect(moments.next()).rejects.toThrow('the store is away');
  expect(world.bus.subscribers).toBe(0);
});

it('who leaves while the store is read is sent nothing more', async () => {
  const world = new World();
  await world.commit(world.begin(await world.stream()), 5);
  const moments = await world.open({ after: everything });
  const waiting = moments.next();
  await moments.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await moments.next()).toEqual({ done: true, value: undefined });
});
