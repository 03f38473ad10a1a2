/** What one server publishes is heard at the others, once and in order, or read from the database where it was not carried. */
import { expect, it, vi } from 'vitest';
import { createEncoder } from '../../src/bus/wire/message.ts';
import type { LiveEvent } from '../../src/domain/live-event.ts';
import { beginningOf } from '../../src/domain/log-position.ts';
import { moment, seeded } from '../helpers/memory-store.ts';
import { range, seqs, take, type World } from '../subscriptions/world.ts';
import { openNode, pass, twoServers } from './faulty.ts';

/** For who counts what is told: a server that stands still for a moment on a busy machine is not read from the database. */
const LONG = { everyMs: 60_000 };

const states = async (events: AsyncIterator<{ session: { state: string } }>, count: number) => {
  const told: string[] = [];
  while (told.length < count) told.push((await events.next()).value.session.state);
  return told;
};

it('a viewer at one server sees what another one records, from the first moment to the end', async () => {
  const { world } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session, 5);
  expect(seqs(await take(moments, 5))).toEqual(range(0, 5));
  await world.end(session);
  expect((await moments.next()).done).toBe(true);
});

it('each thing that happens is told once and in order where messages come twice and shuffled', async () => {
  await Promise.all(range(1, 21).map(expectOnceAndInOrder));
});

async function expectOnceAndInOrder(seed: number): Promise<void> {
  const { world, here, there } = twoServers({
    random: seeded(seed),
    twice: true,
    shuffled: 20,
    ...{ waitMs: 60_000, ...LONG },
  });
  // What comes up reads the database, twice where both tell that they were away; then the bus is alone.
  await vi.waitFor(() => expect(here.counts.caughtUp * there.counts.caughtUp).toBeGreaterThanOrEqual(1));
  await pass(250);
  const streamId = await world.stream();
  const queue = there.bus.subscribe(
    ['moment', 'status', 'episode', 'removed'],
    { streamId },
    { capacity: 1000 },
  );
  const session = world.begin(streamId);
  for (let seq = 0; seq < 60; seq++) {
    await world.commit(session);
    if (seq % 7 === 0) world.bus.status(streamId, { ...session, state: 'RUNNING', failure: `${seq}` });
    if (seq % 5 === 0) await pass();
  }
  world.bus.removed(streamId);
  const heard: string[] = [];
  while (heard.at(-1) !== 'removed') heard.push(nameOf((await queue.take())!.event));
  const statesAt = (seq: number) => (seq % 7 === 0 ? [`${seq}`] : []);
  expect(heard).toEqual([
    'null',
    ...range(0, 60).flatMap((seq) => [`moment ${seq}`, ...statesAt(seq)]),
    'removed',
  ]);
}

it('a state that the database told first is told once, and no other behind an end, when the messages come late', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const streamId = await world.stream();
  const queue = there.bus.subscribe(['status'], { streamId }, { capacity: 10 });
  const next = async () => (await queue.take())!.event.session.state;
  const session = world.begin(streamId);
  expect(await next()).toBe('STARTING');
  way.cut(0);
  const tell = createEncoder('late');
  const late = (['RUNNING', 'ENDED'] as const).map((state, at) =>
    tell({ event: { kind: 'status', streamId, session: { ...session, state } } }, at + 1),
  );
  await world.end(session);
  way.mend(0);
  expect(await next()).toBe('ENDED');
  for (const bytes of late) way.inject(bytes);
  await pass(20);
  expect(queue.length).toBe(0);
});

it('a beginning that comes late is not told behind what follows it', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const streamId = await world.stream();
  const queue = there.bus.subscribe(['status'], { streamId }, { capacity: 10 });
  const session = world.store.addSession(streamId, { startedAt: new Date() });
  const running = await world.store.sessions.setState(session.id, 'RUNNING');
  way.cut();
  expect((await queue.take())!.event.session.state).toBe('RUNNING');
  way.mend();
  const tell = createEncoder('late');
  for (const [at, told] of [session, running, { ...running, state: 'ENDED' as const }].entries())
    way.inject(tell({ event: { kind: 'status', streamId, session: told } }, at + 1));
  expect((await queue.take())!.event.session.state).toBe('ENDED');
});

function nameOf(event: LiveEvent): string {
  if (event.kind === 'moment') return `moment ${event.moment.seq}`;
  return event.kind === 'status' ? `${event.session.failure}` : event.kind;
}

it('what was lost in between is read from the database when the next is told, and ends are told where none is', async () => {
  const { world, way } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const other = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  const status = await world.subscriptions().status({ streamId: other.streamId });
  await world.commit(session, 3);
  await pass(5);
  way.loses = true;
  await world.commit(session, 4);
  await world.end(other);
  way.loses = false;
  await world.commit(session);
  expect(seqs(await take(moments, 8))).toEqual(range(0, 8));
  // A stream of which nothing more is told: the hole of the other one makes the server look.
  expect(await states(status, 2)).toEqual(['STARTING', 'ENDED']);
});

it.each([
  ['this server', 1],
  ['the other server', 0],
  ['both', undefined],
])('while %s has no way, all that is followed comes from the database, and ends', async (_, at) => {
  const { world, way, there } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  await world.commit(session, 2);
  const of = { sessionId: session.id };
  const subscriptions = world.subscriptions();
  const moments = await world.open(of);
  const all = await world.open({});
  const status = await subscriptions.status({ streamId: session.streamId });
  const episodes = await subscriptions.episodes(of);
  way.cut(at);
  for (let seq = 0; seq < 5; seq++) {
    await world.commit(session);
    await pass(10);
  }
  if (at === 0) way.mend(0);
  expect(seqs(await take(moments, 5))).toEqual(range(2, 7));
  expect(seqs(await take(all, 5))).toEqual(range(2, 7));
  await commitWithOnset(world, session);
  if (at === 0) await vi.waitFor(() => expect(there.counts.caughtUp).toBeGreaterThan(0));
  expect((await episodes.next()).value).toMatchObject({ event: { kind: 'ONSET' }, skippedBefore: 0 });
  await world.end(session);
  expect(await states(status, 2)).toEqual(['STARTING', 'ENDED']);
  expect(seqs(await take(moments, 9))).toEqual([7]);
  expect((await episodes.next()).done).toBe(true);
});

async function commitWithOnset(world: World, session: { id: string; streamId: string }): Promise<void> {
  const times = { onset: 0, apex: 0, offset: null, startedAt: new Date(0), endedAt: null };
  const episode = {
    index: 0,
    sessionId: session.id,
    track: 1,
    expression: 'FEAR',
    peak: 0.5,
    ...times,
  } as const;
  const next = moment(session.id, world.store.moments.get(session.id)!.length);
  const position = await world.store.append(next, [{ kind: 'ONSET', episode }]);
  world.bus.moment(session.streamId, next, position);
  world.bus.episode(session.streamId, { kind: 'ONSET', episode }, position);
}

it('an episode that was lost is read before a later one is told', async () => {
  const { world, way } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  await world.commit(session);
  const episodes = await world.subscriptions().episodes({ sessionId: session.id });
  await pass(5);
  way.loses = true;
  await commitWithOnset(world, session);
  way.loses = false;
  const times = { onset: 1, apex: 1, offset: null, startedAt: new Date(1), endedAt: null };
  const episode = {
    index: 1,
    sessionId: session.id,
    track: 2,
    expression: 'ANGER',
    peak: 0.5,
    ...times,
  } as const;
  const next = moment(session.id, 2);
  const position = await world.store.append(next, [{ kind: 'ONSET', episode }]);
  world.bus.episode(session.streamId, { kind: 'ONSET', episode }, position);
  const told = [await episodes.next(), await episodes.next()].map(({ value }) => value!.event.episode.index);
  expect(told).toEqual([0, 1]);
});

it('a stream that was removed while nothing was carried ends who follows it, and so does a session of it', async () => {
  const { world, way } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  await world.commit(session);
  const ofStream = await world.open({ streamId: session.streamId });
  const ofSession = await world.open({ sessionId: session.id });
  await pass(50);
  way.cut();
  await pass(50);
  await world.store.repository.remove(session.streamId);
  expect((await ofStream.next()).done).toBe(true);
  expect((await ofSession.next()).done).toBe(true);
});

it('nothing is sent while nothing is carried, and nothing is kept for later', async () => {
  const { world, way, here } = twoServers(LONG);
  await pass();
  const session = world.begin(await world.stream());
  way.cut();
  const before = way.sent;
  await world.commit(session, 1000);
  expect(way.sent).toBe(before);
  expect(here.counts.withheld).toBeGreaterThanOrEqual(1000);
  way.mend();
  await pass(5);
  // That it is back, of both.
  expect(way.sent).toBe(before + 2);
});

it('a database that is away with the way is asked again, by one question at a time, and told once', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  let asking = 0;
  let most = 0;
  let isAway = true;
  world.store.beforeRead = async () => {
    asking += 1;
    most = Math.max(most, asking);
    await pass(30);
    asking -= 1;
    if (isAway) throw new Error('away');
  };
  way.cut();
  await world.commit(session, 3);
  await pass(300);
  isAway = false;
  world.store.beforeRead = async () => {};
  expect(seqs(await take(moments, 3))).toEqual(range(0, 3));
  expect(most).toBe(1);
  expect(there.counts.log.filter((line) => line.includes('could not be read'))).toHaveLength(1);
});

it('what another version tells is left out, counted, told once, and read from the database', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session, 2);
  way.loses = true;
  await world.commit(session, 2);
  way.loses = false;
  for (let count = 0; count < 5; count++) way.inject(new Uint8Array([99, 1, 2, 3]));
  for (let count = 0; count < 5; count++) way.inject(new Uint8Array([1, 0, 3]));
  expect(seqs(await take(moments, 4))).toEqual(range(0, 4));
  expect(there.counts.unreadable).toBe(10);
  expect(there.counts.log.filter((line) => line.includes('left out'))).toHaveLength(2);
});

it('what happens at another server is not heard by those who tell of this one alone', async () => {
  const { world, here, there } = twoServers(LONG);
  await pass();
  const own = here.bus.own.subscribe(['moment'], {});
  const others = there.bus.own.subscribe(['moment'], {});
  const all = there.bus.subscribe(['moment'], {});
  await world.commit(world.begin(await world.stream()), 3);
  await vi.waitFor(() => expect(all.length).toBe(3));
  expect([own.length, others.length]).toEqual([3, 0]);
});

it('what was erased waits for nobody, nor for those who tell of this server alone', async () => {
  const { world, here } = twoServers(LONG);
  await pass();
  const session = world.begin(await world.stream());
  const queues = [here.bus.subscribe(['moment'], {}), here.bus.own.subscribe(['moment'], {})];
  await world.commit(session, 2);
  here.bus.forget((event) => event.kind === 'moment' && event.moment.seq === 0);
  expect(queues.map((queue) => queue.shift()?.event.moment.seq)).toEqual([1, 1]);
});

it('an erasure and new tags are told to the others, which let go and read them again', async () => {
  const { here, there } = twoServers();
  await pass();
  const step = { do: 'TRACK', sessionId: 'session', track: 2 } as const;
  here.bus.tellErased([step]);
  here.bus.tellTagged('stream');
  await vi.waitFor(() => expect(there.counts.tagged).toContain('stream'));
  expect(there.counts.erased).toEqual([step]);
  expect([here.counts.erased, here.counts.tagged.filter((id) => id !== null)]).toEqual([[], []]);
});

it('a server that joins, and one that begins anew, hear what goes on', async () => {
  const { world, way } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  await world.commit(session, 3);
  const late = openNode(way, world.store);
  await pass(250);
  const queue = late.bus.subscribe(['moment'], { sessionId: session.id });
  await world.commit(session, 2);
  const heard = [await queue.take(), await queue.take()].map((taken) => taken?.event.moment.seq);
  expect(heard).toEqual([3, 4]);
  await late.bus.close();
  const anew = openNode(way, world.store);
  await pass();
  const moments = await world.open({ sessionId: session.id });
  anew.bus.publish({
    kind: 'moment',
    streamId: session.streamId,
    moment: moment(session.id, 5),
    position: beginningOf(9) + 1,
  });
  expect(seqs(await take(moments, 1))).toEqual([5]);
  await anew.bus.close();
});
