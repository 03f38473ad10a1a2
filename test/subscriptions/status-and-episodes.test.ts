import { expect, it } from 'vitest';
import { beginningOf } from '../../src/domain/log-position.ts';
import { World } from './world.ts';

const open = (world: World) => world.subscriptions();
/** Positions of commits, ascending. */
let position = beginningOf(1);
const next = () => ++position;

const episode = {
  ...({ index: 0, track: 1, expression: 'FEAR', onset: 0, apex: 0, offset: null, peak: 1 } as const),
  ...{ startedAt: new Date(0), endedAt: null },
} as const;

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

it('a change beside the state is sent, also when it is the first after the reading', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const status = await open(world).status({});
  await status.next();
  world.bus.status(session.streamId, session, true);
  await world.end(session);
  expect((await status.next()).value).toMatchObject({ session: { state: 'STARTING' } });
  expect((await status.next()).value).toMatchObject({ session: { state: 'ENDED' } });
  await status.return?.();
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

it('a slow subscriber to the status is told of changes only, not of what else its queue dropped', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const status = await open(world).status({});
  await status.next();
  world.bus.removed('another stream');
  for (let count = 0; count < 164; count++) world.bus.status(session.streamId, session);
  expect(status.lost()).toBe(100);
  expect((await status.next()).value).toMatchObject({ skippedBefore: 100 });
  await status.return?.();
});

it('a slow subscriber to episodes is told how many it missed with the next episode, though states came first', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const episodes = await open(world).episodes({ sessionId: session.id });
  const event = { kind: 'ONSET', episode: { ...episode, sessionId: session.id } } as const;
  for (let count = 0; count < 70; count++) world.bus.episode(session.streamId, event, next());
  for (let count = 0; count < 64; count++) world.bus.status(session.streamId, session);
  world.bus.episode(session.streamId, event, next());
  expect(episodes.lost()).toBe(70);
  expect((await episodes.next()).value).toMatchObject({ skippedBefore: 70 });
  world.bus.episode(session.streamId, event, next());
  expect((await episodes.next()).value).toMatchObject({ skippedBefore: 0 });
  await episodes.return?.();
});

it('the status never goes back: what changes while the present states are read is told once, in order', async () => {
  const world = new World();
  const session = world.store.addSession(await world.stream());
  const { live } = world.store.sessions;
  const running = await world.store.sessions.setState(session.id, 'RUNNING');
  let readings = 0;
  world.store.sessions.live = async (streamId?: string) => {
    const sessions = await live(streamId);
    // Committed already, and published while they are read; the last of them after the second reading.
    if (++readings === 1) world.bus.status(session.streamId, session);
    return sessions;
  };
  const status = await open(world).status({});
  world.bus.status(session.streamId, running);
  await world.end(session);
  const states = [];
  for (let count = 0; count < 2; count++) states.push((await status.next()).value?.session.state);
  expect(states).toEqual(['RUNNING', 'ENDED']);
  await status.return?.();
  expect(world.bus.subscribers).toBe(0);
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
  world.bus.episode(
    session.streamId,
    { kind: 'ONSET', episode: { ...episode, sessionId: session.id } },
    next(),
  );
  world.bus.episode(session.streamId, { kind: 'ONSET', episode: { ...episode, sessionId: 'other' } }, next());
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
