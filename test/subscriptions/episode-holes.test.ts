/** Events of episodes where the bus leaves something out or brings it twice, the reader is slow, or something ends. */
import { expect, it, onTestFinished } from 'vitest';
import type { SentEpisode } from '../../src/domain/live-event.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/moment.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { moment } from '../helpers/memory-store.ts';
import { range, rounds, World } from './world.ts';

/** Events that may wait for a slow reader. */
const CAPACITY = 64;

const episodeOf = (sessionId: string, index: number): Episode => ({
  ...{ sessionId, index, track: 1, expression: 'FEAR', onset: index, apex: index, offset: null, peak: 0.5 },
  ...{ startedAt: new Date(0), endedAt: null },
});

const onset = ({ id }: SessionRecord, index: number): EpisodeEvent => ({
  kind: 'ONSET',
  episode: episodeOf(id, index),
});

/** Commits a moment that tells of these events; the bus loses it. @returns its position */
const tellUnheard = ({ store }: World, session: SessionRecord, events: EpisodeEvent[]) =>
  store.append(moment(session.id, store.moments.get(session.id)?.length ?? 0), events);

/** Commits a moment that tells of these events, and publishes them. */
async function tell(world: World, session: SessionRecord, events: EpisodeEvent[]): Promise<number> {
  const position = await tellUnheard(world, session, events);
  for (const event of events) world.bus.episode(session.streamId, event, position);
  return position;
}

/** Commits one onset after the other. */
async function tellEach(world: World, session: SessionRecord, indices: number[]): Promise<void> {
  for (const index of indices) await tell(world, session, [onset(session, index)]);
}

/** As another server tells of a session that is not stored any more. */
const removed = ({ feed }: World, sessionId: string) =>
  feed.publish({ kind: 'removed', streamId: '', sessionId });

/** A running session, and who follows its episodes by one of the three scopes. */
async function followed(by: 'session' | 'stream' | 'all' = 'session') {
  const world = new World();
  const session = world.begin(await world.stream());
  const { streamId } = session;
  const scope = { session: { sessionId: session.id }, stream: { streamId }, all: {} }[by];
  const episodes = await world.subscriptions().episodes(scope);
  onTestFinished(() => void episodes.return?.());
  /** How often the store was asked. */
  const asked = { times: 0 };
  world.store.beforeRead = async () => void asked.times++;
  return { world, session, streamId, scope, episodes, asked };
}

/** What comes until nothing more does, and whether it has ended. */
async function all(episodes: AsyncIterator<SentEpisode>) {
  const sent: SentEpisode[] = [];
  const state = { sent, isOver: false };
  void (async () => {
    for (let next = await episodes.next(); !next.done; next = await episodes.next()) sent.push(next.value);
    state.isOver = true;
  })();
  await rounds(30);
  return state;
}

const indices = (sent: readonly SentEpisode[]) => sent.map(({ event }) => event.episode.index);
const skipped = (sent: readonly SentEpisode[]) =>
  sent.reduce((sum, { skippedBefore }) => sum + skippedBefore, 0);

it('who is told everything by the bus asks the store for nothing', async () => {
  const { world, session, streamId, episodes, asked } = await followed();
  await tellEach(world, session, [0, 1]);
  world.bus.status(streamId, session);
  world.feed.publish({ kind: 'committed', positions: [world.store.newest] });
  await tellEach(world, session, [2]);
  const { sent, isOver } = await all(episodes);
  expect(indices(sent)).toEqual([0, 1, 2]);
  expect(asked.times).toBe(0);
  expect(isOver).toBe(false);
});

it.each([
  ['by their positions', (world: World) => [0, world.store.newest]],
  ['without them', () => null],
])('what the bus says to be committed, %s, and did not bring, is read from the store', async (_, told) => {
  const { world, session, episodes } = await followed();
  await tellEach(world, session, [0]);
  await tellUnheard(world, session, [onset(session, 1)]);
  world.feed.publish({ kind: 'committed', positions: told(world) });
  await tellEach(world, session, [2]);
  const { sent } = await all(episodes);
  expect(indices(sent)).toEqual([0, 1, 2]);
  expect(skipped(sent)).toBe(0);
});

it('where another server goes on, what the former one committed last is read, though no bus told of it', async () => {
  const { world, session, episodes } = await followed('all');
  await tellEach(world, session, [0]);
  await tellUnheard(world, session, [onset(session, 1)]);
  world.store.writer = 2;
  const next = world.begin(await world.stream());
  await tellEach(world, next, [7]);
  expect(indices((await all(episodes)).sent)).toEqual([0, 1, 7]);
});

it('what the bus brings twice, late or both is told once', async () => {
  const { world, session, streamId, episodes } = await followed();
  const events = [onset(session, 0), onset(session, 1), onset(session, 2)];
  const first = await tell(world, session, [onset(session, 9)]);
  const second = await tell(world, session, events);
  for (const event of events.toReversed()) world.bus.episode(streamId, event, second);
  world.bus.episode(streamId, onset(session, 9), first);
  expect(indices((await all(episodes)).sent)).toEqual([9, 0, 1, 2]);
});

it('two events of one episode in one commit are resumed between', async () => {
  const { world, session, scope, episodes } = await followed();
  const offset = { ...episodeOf(session.id, 0), offset: 1 };
  await tell(world, session, [
    { kind: 'ONSET', episode: offset },
    { kind: 'OFFSET', episode: offset },
  ]);
  const { sent } = await all(episodes);
  expect(sent.map(({ event }) => event.kind)).toEqual(['ONSET', 'OFFSET']);
  const again = await world.subscriptions().episodes({ ...scope, after: sent[0]!.cursor });
  onTestFinished(() => void again.return?.());
  expect((await all(again)).sent).toEqual(sent.slice(1));
});

it('what the queue drops while the store is read is read from there, and counts as lost at no time', async () => {
  const { world, session, scope, episodes } = await followed();
  await tellEach(world, session, range(0, 3));
  const { sent: before } = await all(episodes);
  const lost: number[] = [];
  const again = await world.subscriptions().episodes({ ...scope, after: before[0]!.cursor });
  onTestFinished(() => void again.return?.());
  let more = 3;
  world.store.beforeRead = async () => {
    if (more-- > 0)
      await tellEach(
        world,
        session,
        range(0, 2 * CAPACITY).map((at) => at + 1000 * (3 - more)),
      );
    lost.push(again.lost());
  };
  const { sent } = await all(again);
  expect(indices(sent)).toEqual([
    ...[1, 2],
    ...range(1, 4).flatMap((round) => range(1000 * round, 1000 * round + 2 * CAPACITY)),
  ]);
  expect(skipped(sent)).toBe(0);
  expect(new Set(lost)).toEqual(new Set([0]));
  expect(again.lost()).toBe(0);
});

it.each(['overflows', 'has a hole'])(
  'what the store did not have yet when it was read is read once more where the queue %s meanwhile',
  async (how) => {
    const { world, session, scope, episodes } = await followed();
    await tellEach(world, session, range(0, 3));
    const { sent: before } = await all(episodes);
    const again = await world.subscriptions().episodes({ ...scope, after: before[0]!.cursor });
    onTestFinished(() => void again.return?.());
    let reads = 0;
    world.store.beforeRead = async () => {
      // Its writers, and a page before and behind the reading.
      if (++reads !== 3) return;
      if (how === 'overflows') return tellEach(world, session, range(100, 102 + CAPACITY));
      for (const index of range(100, 102)) await tellUnheard(world, session, [onset(session, index)]);
      world.feed.publish({ kind: 'committed', positions: null });
    };
    const { sent } = await all(again);
    expect(indices(sent)).toEqual([1, 2, ...range(100, how === 'overflows' ? 102 + CAPACITY : 102)]);
    expect(skipped(sent)).toBe(0);
  },
);

it('news of commits that the queue drops disturbs nobody', async () => {
  const { world, session, episodes } = await followed();
  for (const _ of range(0, 2 * CAPACITY)) world.feed.publish({ kind: 'committed', positions: [] });
  await tellEach(world, session, [3]);
  const { sent } = await all(episodes);
  expect(indices(sent)).toEqual([3]);
  expect(skipped(sent)).toBe(0);
});

it('who was too slow before a hole was read from the store is told of that loss alone', async () => {
  const { world, session, episodes } = await followed();
  await tellEach(world, session, range(0, CAPACITY + 2));
  const { sent } = await all(episodes);
  expect(sent[0]!.skippedBefore).toBe(2);
  let isFirst = true;
  world.store.beforeRead = async () => {
    if (isFirst) {
      isFirst = false;
      await tellEach(world, session, range(200, 210 + CAPACITY));
    }
  };
  await tellUnheard(world, session, [onset(session, 100)]);
  world.feed.publish({ kind: 'committed', positions: null });
  await rounds(60);
  expect(indices(sent).slice(CAPACITY)).toEqual([100, ...range(200, 210 + CAPACITY)]);
  expect(skipped(sent)).toBe(2);
  expect(episodes.lost()).toBe(2);
});

it('behind a hole that was read, what is dropped counts as lost again', async () => {
  const { world, session, episodes } = await followed();
  await tellUnheard(world, session, [onset(session, 0)]);
  world.feed.publish({ kind: 'committed', positions: null });
  await tellEach(world, session, [1]);
  for (const _ of [0, 1]) await episodes.next();
  const next = episodes.next();
  await rounds(5);
  await tellEach(world, session, [2]);
  await next;
  await tellEach(world, session, range(10, 13 + CAPACITY));
  expect(episodes.lost()).toBe(3);
});

it.each([
  ['an end', (world: World, session: SessionRecord) => world.end(session)],
  ['a removal', async (world: World, { id }: SessionRecord) => removed(world, id)],
])('%s that the queue dropped is told behind all that was committed', async (_, end) => {
  const { world, session, streamId, episodes } = await followed();
  await tellUnheard(world, session, [onset(session, 0)]);
  await end(world, session);
  for (const _ of range(0, CAPACITY)) world.bus.status(streamId, session);
  const { sent, isOver } = await all(episodes);
  expect(indices(sent)).toEqual([0]);
  expect(isOver).toBe(true);
});

it('of a stream, or of all, the end of one session that the queue dropped ends nothing', async () => {
  for (const by of ['stream', 'all'] as const) {
    const { world, session, streamId, episodes } = await followed(by);
    await world.end(session);
    const next = world.begin(streamId);
    for (const _ of range(0, CAPACITY)) world.bus.status(streamId, next);
    await tellEach(world, next, [5]);
    const { sent, isOver } = await all(episodes);
    expect(indices(sent)).toEqual([5]);
    expect(isOver).toBe(false);
  }
});

it('ends with the stream, or the session, that is removed', async () => {
  for (const by of ['stream', 'session'] as const) {
    const { world, session, streamId, episodes } = await followed(by);
    const state = await all(episodes);
    if (by === 'stream') world.bus.removed(streamId);
    else removed(world, session.id);
    await rounds(5);
    expect(state.isOver).toBe(true);
    expect(world.bus.subscribers).toBe(0);
  }
});

it('who follows episodes of all streams goes on when one of them is removed', async () => {
  const { world, session, streamId, episodes } = await followed('all');
  world.bus.removed(streamId);
  removed(world, session.id);
  await tellEach(world, world.begin(await world.stream()), [3]);
  const { sent, isOver } = await all(episodes);
  expect(indices(sent)).toEqual([3]);
  expect(isOver).toBe(false);
});

it('of a stream the episodes of its next session follow', async () => {
  const { world, session, streamId, episodes } = await followed('stream');
  await tellEach(world, session, [0]);
  await world.end(session);
  await tellEach(world, world.begin(streamId), [0]);
  const { sent } = await all(episodes);
  expect(sent.map(({ event }) => event.episode.sessionId === session.id)).toEqual([true, false]);
});

it('of a session that has no moment yet, or none left, a cursor expires only by what was deleted of it', async () => {
  const { world, session, streamId } = await followed();
  const subscriptions = world.subscriptions();
  await tellEach(world, session, [0]);
  const after = await subscriptions.cursorOfNow('episodes', {});
  await tellEach(world, session, [1, 2]);
  world.store.expired.set(streamId, world.store.newest);
  const next = world.begin(streamId);
  const empty = await subscriptions.episodes({ sessionId: next.id, after });
  await empty.return?.();
  // Of this one the oldest that is kept is not its first.
  world.store.moments.set(session.id, world.store.moments.get(session.id)!.slice(1));
  await expect(subscriptions.episodes({ sessionId: session.id, after })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
  // Of this one nothing is kept.
  world.store.extent = async () => ({ oldest: null, newest: 0 });
  await expect(subscriptions.episodes({ sessionId: session.id, after })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
});

it('who leaves while the store is read is told nothing more', async () => {
  const { world, session, scope, episodes } = await followed();
  await tellEach(world, session, range(0, 3));
  const { sent } = await all(episodes);
  const again = await world.subscriptions().episodes({ ...scope, after: sent[0]!.cursor });
  const waiting = again.next();
  await again.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

it('a store that fails ends the subscription with that failure, and nobody listens any more', async () => {
  const { world, session, episodes } = await followed();
  world.store.beforeRead = async () => {
    throw new Error('the store is away');
  };
  await tellUnheard(world, session, [onset(session, 0)]);
  world.feed.publish({ kind: 'committed', positions: null });
  await expect(episodes.next()).rejects.toThrow('the store is away');
  expect(world.bus.subscribers).toBe(0);
});
