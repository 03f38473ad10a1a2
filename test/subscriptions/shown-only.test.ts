/** A subscriber who is limited to the streams with some tags: for it, all others are not there. */
import { expect, it, onTestFinished } from 'vitest';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { shownOnly } from '../../src/subscriptions/shown-only.ts';
import { range, seqs, take, World } from './world.ts';

const LAB = { site: 'lab' };
const EVERYTHING = encodeCursor({ kind: 'all', positions: [] });

/** A stream that is shown to whoever is limited to the lab, and one that is not; a session of each. */
async function openTwo() {
  const world = new World();
  const shown = await world.stream({ ...LAB, room: '2' });
  const hidden = await world.stream({ site: 'shop' });
  return { world, shown, hidden, mine: world.begin(shown), other: world.begin(hidden) };
}

it('of all streams it is sent the moments of those that are shown, also of one that is registered later', async () => {
  const { world, mine, other } = await openTwo();
  const moments = await world.open({ tags: LAB });
  onTestFinished(() => void moments.return?.());
  await world.commit(other, 2);
  await world.commit(mine, 2);
  const later = world.begin(await world.stream(LAB));
  await world.commit(later, 1);
  await world.commit(world.begin(await world.stream({ site: 'lab 2' })), 1);
  await world.commit(mine, 1);
  const sent = await take(moments, 4);
  expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId, seq])).toEqual([
    [mine.id, 0],
    [mine.id, 1],
    [later.id, 0],
    [mine.id, 2],
  ]);
});

it('events of hidden streams take no room in its queue: it loses nothing for them, and is told of no loss', async () => {
  const { world, mine, other } = await openTwo();
  const moments = await world.open({ tags: LAB });
  onTestFinished(() => void moments.return?.());
  await world.commit(mine, 3);
  await world.commit(other, 10 * world.capacity);
  expect(moments.lost()).toBe(0);
  const sent = await take(moments, 3);
  expect(seqs(sent)).toEqual([0, 1, 2]);
  expect(sent.map(({ skippedBefore }) => skippedBefore)).toEqual([0, 0, 0]);
});

it('`skippedBefore` counts the moments of streams that are shown, and no others', async () => {
  const { world, mine, other } = await openTwo();
  const moments = await world.open({ tags: LAB });
  onTestFinished(() => void moments.return?.());
  await world.commit(mine);
  expect(seqs(await take(moments, 1))).toEqual([0]);
  const lost = 5;
  for (let count = 0; count < world.capacity + lost; count++) {
    await world.commit(other, 3);
    await world.commit(mine);
  }
  expect(moments.lost()).toBe(lost);
  const [next] = await take(moments, 1);
  expect(next).toMatchObject({ skippedBefore: lost, moment: { sessionId: mine.id, seq: 1 + lost } });
});

it('a resumed one is sent the moments of streams that are shown, whatever others were committed between them', async () => {
  const { world, mine, other } = await openTwo();
  await world.commit(other, 3);
  const first = await world.open({ tags: LAB });
  await world.commit(mine);
  const [one] = await take(first, 1);
  await first.return?.();
  await world.commit(other, 500);
  await world.commit(mine, 2);
  const resumed = await world.open({ tags: LAB, after: one!.cursor });
  onTestFinished(() => void resumed.return?.());
  await world.commit(other, 3);
  const rest = await take(resumed, 2);
  await world.commit(mine);
  rest.push(...(await take(resumed, 1)));
  expect(rest.map(({ moment: { sessionId, seq } }) => [sessionId, seq])).toEqual([
    [mine.id, 1],
    [mine.id, 2],
    [mine.id, 3],
  ]);
  expect(rest.map(({ skippedBefore }) => skippedBefore)).toEqual([0, 0, 0]);
});

it('a cursor of somebody who saw all gives nothing of what is hidden', async () => {
  const { world, mine, other } = await openTwo();
  await world.commit(other, 4);
  await world.commit(mine, 2);
  const resumed = await world.open({ tags: LAB, after: encodeCursor({ kind: 'all', positions: [] }) });
  onTestFinished(() => void resumed.return?.());
  const sent = await take(resumed, 2);
  expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId, seq])).toEqual([
    [mine.id, 0],
    [mine.id, 1],
  ]);
});

it('a hidden stream, session or cursor is refused in the very words in which a missing one is', async () => {
  const { world, shown, hidden, mine, other } = await openTwo();
  await world.commit(other);
  await world.commit(mine);
  const subscriptions = world.subscriptions();
  const told = async (work: Promise<unknown>, id: string) => {
    const error: unknown = await work.then(
      () => null,
      (error: unknown) => error,
    );
    if (!(error instanceof Error && 'code' in error)) throw new Error('it was not refused');
    return { code: error.code, message: error.message.replaceAll(id, 'ID') };
  };
  const ways: ((streamId: string, sessionId: string) => Promise<unknown>)[] = [
    (streamId) => subscriptions.moments({ tags: LAB, streamId }),
    (_, sessionId) => subscriptions.moments({ tags: LAB, sessionId }),
    (streamId) => subscriptions.status({ tags: LAB, streamId }),
    (_, sessionId) => subscriptions.episodes({ tags: LAB, sessionId }),
    (_, sessionId) =>
      subscriptions.moments({ tags: LAB, streamId: shown, after: momentCursor(sessionId, 0) }),
    (_, sessionId) =>
      subscriptions.moments({ tags: LAB, sessionId: mine.id, after: momentCursor(sessionId, 0) }),
  ];
  for (const way of ways) {
    const missing = await told(
      way('stream-999', 'session-999'),
      way.length === 1 ? 'stream-999' : 'session-999',
    );
    expect(await told(way(hidden, other.id), way.length === 1 ? hidden : other.id)).toEqual(missing);
  }
  expect(world.bus.subscribers).toBe(0);
});

it('of states it is sent those of streams that are shown, at the beginning and later', async () => {
  const { world, mine, other } = await openTwo();
  const status = await world.subscriptions().status({ tags: LAB });
  onTestFinished(() => void status.return?.());
  for (const _ of range(0, 100)) world.bus.status(other.streamId, other);
  await world.end(other);
  await world.end(mine);
  const [first, second] = [await status.next(), await status.next()];
  expect(first.value).toMatchObject({ session: { id: mine.id, state: 'STARTING' }, skippedBefore: 0 });
  expect(second.value).toMatchObject({ session: { id: mine.id, state: 'ENDED' }, skippedBefore: 0 });
  expect(status.lost()).toBe(0);
});

it('a subscription to a stream that is shown is all of it, and ends when the stream is removed', async () => {
  const { world, shown, mine } = await openTwo();
  const moments = await world.open({ tags: LAB, streamId: shown });
  await world.commit(mine);
  expect(seqs(await take(moments, 1))).toEqual([0]);
  const episodes = await world.subscriptions().episodes({ tags: LAB, sessionId: mine.id });
  const status = await world.subscriptions().status({ tags: LAB, streamId: shown });
  expect((await status.next()).value).toMatchObject({ session: { id: mine.id } });
  const last = [moments.next(), status.next()];
  await world.store.repository.remove(shown);
  world.bus.removed(shown);
  for (const { done } of await Promise.all(last)) expect(done).toBe(true);
  await episodes.return?.();
  expect(world.bus.subscribers).toBe(0);
});

it('somebody who is limited to no tags at all sees every stream', async () => {
  const { world, mine, other } = await openTwo();
  const moments = await world.open({ tags: {} });
  onTestFinished(() => void moments.return?.());
  await world.commit(mine);
  await world.commit(other);
  expect((await take(moments, 2)).map(({ moment }) => moment.sessionId)).toEqual([mine.id, other.id]);
});

it('a stream that it named is heard of no more once it is tagged so that it is not shown, but that it is gone', async () => {
  const { world, shown, mine } = await openTwo();
  const moments = await world.open({ tags: LAB, streamId: shown });
  await world.commit(mine);
  expect(seqs(await take(moments, 1))).toEqual([0]);
  await world.store.repository.update(shown, { tags: { site: 'ward' } });
  await world.commit(mine, 3);
  world.bus.removed(shown);
  expect(await moments.next()).toEqual({ done: true, value: undefined });
});

it('what retention deleted of hidden streams expires no cursor, and what it deleted of shown ones does', async () => {
  const { world, shown, hidden, mine, other } = await openTwo();
  await world.commit(other, 3);
  await world.commit(mine, 3);
  const [{ cursor }] = [(await take(await world.open({ after: EVERYTHING }), 1))[0]!];
  const subscriptions = world.subscriptions();
  const episodes = await subscriptions.cursorOfNow('episodes', {});
  await world.commit(other, 3);
  world.store.expired.set(hidden, world.store.newest);
  await world.commit(mine, 3);
  await expect(world.open({ after: cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  const limited = await world.open({ tags: LAB, after: cursor });
  expect(seqs(await take(limited, 3))).toEqual([0, 1, 2]);
  await limited.return?.();
  await (await subscriptions.episodes({ tags: LAB, after: episodes })).return?.();
  world.store.expired.set(shown, world.store.newest - 2);
  await expect(world.open({ tags: LAB, after: cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
});

it('what is committed and not brought by the bus is read for it, too', async () => {
  const { world, mine, other } = await openTwo();
  const moments = await world.open({ tags: LAB });
  onTestFinished(() => void moments.return?.());
  await world.commitUnheard(other, 2);
  await world.commitUnheard(mine, 2);
  world.feed.publish({ kind: 'committed', positions: [world.store.newest] });
  const sent = await take(moments, 2);
  expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId, seq])).toEqual([
    [mine.id, 0],
    [mine.id, 1],
  ]);
});

it('a stream that is shown is resumed through its sessions, and from before the first of them', async () => {
  const { world, shown, mine, other } = await openTwo();
  await world.commit(mine, 2);
  await world.commit(other, 2);
  await world.end(mine);
  const next = world.begin(shown);
  await world.commit(next, 2);
  for (const [after, expected] of [
    [momentCursor(mine.id, 0), [1, 0, 1]],
    [encodeCursor({ kind: 'stream', streamId: shown }), [0, 1, 0, 1]],
  ] as const) {
    const moments = await world.open({ tags: LAB, streamId: shown, after });
    const sent = await take(moments, expected.length);
    expect(seqs(sent)).toEqual(expected);
    expect(sent.every(({ moment }) => moment.sessionId !== other.id)).toBe(true);
    await moments.return?.();
  }
});

it('of hidden sessions it is not told which there are, by what was begun or what followed', async () => {
  const { world, shown, hidden, mine, other } = await openTwo();
  world.begin(hidden);
  const next = world.begin(shown);
  const { feed, store } = world;
  const stored = { sessions: store.sessions, streams: store.repository, history: store, log: store.log };
  const deps = { ...stored, feed, now: () => 0, async *buckets() {} };
  const limited = shownOnly(deps, LAB).sessions;
  const ids = (found: { id: string }[]) => found.map(({ id }) => id);
  expect(ids(await limited.followersOf(mine.id, 10))).toEqual([next.id]);
  expect(ids(await limited.followersOf(other.id, 10))).toEqual([]);
  expect(ids(await limited.startedSince(new Date(0), {}))).toEqual([mine.id, next.id]);
  expect(ids(await limited.live())).toEqual([mine.id, next.id]);
});

it('that hidden streams are removed takes no room in its queue', async () => {
  const { world, mine } = await openTwo();
  const status = await world.subscriptions().status({ tags: LAB });
  onTestFinished(() => void status.return?.());
  await status.next();
  await world.end(mine, 'RUNNING');
  for (const at of range(0, 100)) world.bus.removed(`hidden ${at}`);
  await world.end(mine);
  expect((await status.next()).value).toMatchObject({ session: { state: 'RUNNING' } });
});

it('that a session which it named is gone it hears also from a server that does not know its stream any more', async () => {
  const { world, mine } = await openTwo();
  const moments = await world.open({ tags: LAB, sessionId: mine.id });
  const waiting = moments.next();
  world.feed.publish({ kind: 'removed', streamId: '', sessionId: mine.id });
  expect(await waiting).toEqual({ done: true, value: undefined });
});
