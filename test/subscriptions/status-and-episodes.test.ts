import { expect, it } from 'vitest';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { World } from './world.ts';

const open = ({ store, bus }: World) =>
  createSubscriptions({
    sessions: store.sessions,
    streams: store.repository,
    history: store,
    feed: bus,
    now: () => 0,
  });
const episode = { index: 0, track: 1, expression: 'FEAR', onset: 0, apex: 0, offset: null, peak: 1 } as const;

it('the status of a stream begins with its newest session, goes on with changes, and ends with the stream', async () => {
  const world = new World();
  const stream = await world.stream();
  const session = world.begin(stream);
  const status = await open(world).status({ streamId: stream });
  expect((await status.next()).value).toMatchObject({ session: { state: 'STARTING' }, skippedBefore: 0 });
  await world.end(session);
  expect((await status.next()).value).toMatchObject({ streamId: stream, session: { state: 'ENDED' } });
  const waiting = status.next();
  world.bus.removed(stream);
  expect((await waiting).done).toBe(true);
  expect(world.bus.subscribers).toBe(0);
});

it('the status of all streams begins with those that run, and ends when it is left', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.end(world.begin(await world.stream()));
  const status = await open(world).status({});
  expect((await status.next()).value).toMatchObject({ session: { id: session.id } });
  const waiting = status.next();
  await status.return?.();
  expect((await waiting).done).toBe(true);
  expect(world.bus.subscribers).toBe(0);
});

it('a slow subscriber to the status is told how many changes it missed', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const status = await open(world).status({});
  await status.next();
  for (let count = 0; count < 100; count++) world.bus.status(session.streamId, session);
  expect((await status.next()).value).toMatchObject({ skippedBefore: 36 });
  await status.return?.();
});

it('the status of a stream that is not there is refused', async () => {
  const world = new World();
  await expect(open(world).status({ streamId: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(world.bus.subscribers).toBe(0);
});

it('episodes of a session arrive as they happen, and end with the session', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const episodes = await open(world).episodes({ sessionId: session.id });
  world.bus.episode(session.streamId, { kind: 'ONSET', episode: { ...episode, sessionId: session.id } });
  world.bus.episode(session.streamId, { kind: 'ONSET', episode: { ...episode, sessionId: 'other' } });
  await world.end(session);
  expect((await episodes.next()).value).toMatchObject({
    streamId: session.streamId,
    event: { kind: 'ONSET' },
  });
  expect((await episodes.next()).done).toBe(true);
});

it('episodes of a session that is over are none, and of one that is not there are refused', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.end(session);
  expect((await (await open(world).episodes({ sessionId: session.id })).next()).done).toBe(true);
  await expect(open(world).episodes({ sessionId: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(world.bus.subscribers).toBe(0);
});
