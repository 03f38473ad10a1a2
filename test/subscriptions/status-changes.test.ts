/** States of sessions where streams come and go, and the bus tells late. */
import { expect, it, onTestFinished } from 'vitest';
import type { SentStatus } from '../../src/domain/live-event.ts';
import { rounds, World } from './world.ts';

async function followed(world: World, scope: { streamId?: string } = {}) {
  const status = await world.subscriptions().status(scope);
  onTestFinished(() => void status.return?.());
  const told: SentStatus[] = [];
  void (async () => {
    for await (const one of status) told.push(one);
  })();
  await rounds(3);
  /** What was told since it was asked last. */
  const since = async () => {
    await rounds(3);
    return told.splice(0).map(({ session }) => [session.id, session.state]);
  };
  return { status, since };
}

it('of a stream without a session the first one is told when it begins', async () => {
  const world = new World();
  const streamId = await world.stream();
  const { since } = await followed(world, { streamId });
  expect(await since()).toEqual([]);
  const session = world.begin(streamId);
  expect(await since()).toEqual([[session.id, 'STARTING']]);
});

it('the status of all streams goes on when one of them is removed', async () => {
  const world = new World();
  const { since } = await followed(world);
  world.bus.removed(await world.stream());
  const session = world.begin(await world.stream());
  expect(await since()).toEqual([[session.id, 'STARTING']]);
});

it('the end of a session that is told late does not come behind the session that followed it', async () => {
  const world = new World();
  const streamId = await world.stream();
  const [older, other] = [world.store.addSession(streamId), world.store.addSession(await world.stream())];
  const newer = world.begin(streamId);
  const last = world.begin(await world.stream());
  for (const { id } of [older, other]) await world.store.sessions.setState(id, 'ENDED');
  const of = { stream: await followed(world, { streamId }), all: await followed(world) };
  expect(await of.stream.since()).toEqual([[newer.id, 'STARTING']]);
  expect(await of.all.since()).toEqual([
    [newer.id, 'STARTING'],
    [last.id, 'STARTING'],
  ]);
  for (const { id, streamId } of [older, other]) world.bus.status(streamId, world.store.records.get(id)!);
  await world.end(newer);
  expect(await of.stream.since()).toEqual([[newer.id, 'ENDED']]);
  // Of the other stream nothing newer was told.
  expect(await of.all.since()).toEqual([
    [other.id, 'ENDED'],
    [newer.id, 'ENDED'],
  ]);
});

it('what was read already is not told again when the bus brings it, but what went wrong since is', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const { since } = await followed(world);
  await since();
  world.bus.status(session.streamId, session);
  expect(await since()).toEqual([]);
  const again = await followed(world);
  await again.since();
  const failure = { code: 'SOURCE_LOST', message: 'The camera does not answer.' } as never;
  world.bus.status(session.streamId, { ...session, failure });
  expect(await again.since()).toEqual([[session.id, 'STARTING']]);
});

it('who leaves is told that it is over', async () => {
  const world = new World();
  const subscriptions = world.subscriptions();
  for (const opened of [
    await subscriptions.status({}),
    await subscriptions.moments({}),
    await subscriptions.episodes({}),
  ]) {
    expect(await opened.return?.()).toEqual({ done: true, value: undefined });
    expect(await opened.next()).toEqual({ done: true, value: undefined });
  }
  expect(world.bus.subscribers).toBe(0);
});

it('a store that fails while the present states are read leaves nobody listening', async () => {
  const world = new World();
  world.store.sessions.live = async () => {
    throw new Error('the store is away');
  };
  await expect(world.subscriptions().status({})).rejects.toThrow('the store is away');
  expect(world.bus.subscribers).toBe(0);
});
