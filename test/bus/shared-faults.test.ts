/** What goes wrong between servers: one of them is not heard, its messages are nonsense or too large, ends and beginnings fall between. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { SharedBus } from '../../src/bus/index.ts';
import type { TransportHandlers } from '../../src/bus/transport.ts';
import { ByteWriter } from '../../src/bus/wire/bytes.ts';
import { WIRE_VERSION } from '../../src/bus/wire/message.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { range, seqs, take, World } from '../subscriptions/world.ts';
import { pass, storedIn, twoServers } from './faulty.ts';

/** Longer than the pause from one catching up to the next: what was missed at the start is read. */
const settled = () => pass(300);

it('a server whose way alone is gone is read from the database for as long as that is so, and its ends are told', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  const all = await world.open({});
  const status = await world.subscriptions().status({ streamId: session.streamId });
  await world.commit(session, 2);
  await settled();
  way.cut(0);
  await world.commit(session, 3);
  expect(seqs(await take(moments, 5))).toEqual(range(0, 5));
  expect(seqs(await take(all, 5))).toEqual(range(0, 5));
  await world.commit(session, 2);
  await world.end(session);
  expect(seqs(await take(moments, 9))).toEqual(range(5, 7));
  expect((await status.next()).value?.session.state).toBe('STARTING');
  expect((await status.next()).value?.session.state).toBe('ENDED');
  await settled();
  way.mend(0);
  await settled();
  const told = there.counts.log.filter((line) => /heard/.test(line));
  expect(told).toEqual([
    'a server that runs streams is not heard over NATS: what happens there is read from the database each second',
    'all servers that run streams are heard again',
  ]);
});

it('while all are heard nothing is read from the database', async () => {
  const { world, there } = twoServers({ everyMs: 400 });
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await settled();
  const before = there.counts.caughtUp;
  for (let seq = 0; seq < 50; seq++) {
    await world.commit(session);
    expect(seqs(await take(moments, 1))).toEqual([seq]);
  }
  // Some times that each says that it is there.
  await pass(1_300);
  expect(there.counts.caughtUp).toBe(before);
});

it('the last that was lost is missed by what its server says it has told', async () => {
  const { world, way } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session, 2);
  await settled();
  way.loses = true;
  await world.commit(session, 3);
  way.loses = false;
  expect(seqs(await take(moments, 5))).toEqual(range(0, 5));
});

it('a message that the way refuses for its size is read from the database, and told of once', async () => {
  const { world, way, here } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await settled();
  // That a server is there is told in less.
  way.takes = 75;
  for (let count = 0; count < 5; count++) {
    await world.commit(session, 2);
    await pass(50);
  }
  expect(seqs(await take(moments, 10))).toEqual(range(0, 10));
  expect(here.counts.log.filter((line) => line.includes('could not be told'))).toHaveLength(1);
});

it('what is erased is let go of behind what was told before it, which may wait for others', async () => {
  const { here, there, way, world } = twoServers({ waitMs: 50, everyMs: 10_000 });
  await pass();
  const session = world.begin(await world.stream());
  const queue = there.bus.subscribe(['moment'], { sessionId: session.id });
  await settled();
  way.loses = true;
  await world.commit(session);
  way.loses = false;
  await world.commit(session);
  here.bus.tellErased([{ do: 'SESSION', sessionId: session.id }]);
  await pass();
  expect([queue.length, there.counts.erased.length]).toEqual([0, 0]);
  await expect.poll(() => there.counts.erased.length).toBe(1);
  expect(queue.length).toBeGreaterThanOrEqual(1);
});

it('a stream that was tagged elsewhere is shown from its first moment on to who may see it', async () => {
  const known = new Map<string, Record<string, string>>();
  let waiting: (() => void)[] | null = null;
  const { here, world } = twoServers({
    readTags: () =>
      new Promise<void>((resolve) => (waiting === null ? resolve() : void waiting.push(resolve))),
  });
  world.store.repository.tagsOf = (id) => known.get(id) ?? null;
  await settled();
  const place = { place: 'lobby' };
  const [all, status] = [
    await world.open({ tags: place }),
    await world.subscriptions().status({ tags: place }),
  ];
  const streamId = await world.stream(place);
  const reading: (() => void)[] = [];
  waiting = reading;
  here.bus.tellTagged(streamId);
  const session = world.begin(streamId);
  await world.commit(session, 2);
  await pass(20);
  known.set(streamId, place);
  waiting = null;
  for (const done of reading) done();
  await world.commit(session, 2);
  expect(seqs(await take(all, 4))).toEqual(range(0, 4));
  expect((await status.next()).value?.session.state).toBe('STARTING');
});

it('a session that is gone ends who follows it, also where nothing was heard of it', async () => {
  const { world, way } = twoServers();
  const session = world.store.addSession(await world.stream(), { state: 'RUNNING' });
  await settled();
  const moments = await world.open({ sessionId: session.id });
  const episodes = await world.subscriptions().episodes({ sessionId: session.id });
  const sums = await world.subscriptions().aggregates({ sessionId: session.id, bucket: 1 });
  await world.store.repository.remove(session.streamId);
  way.cut();
  expect((await moments.next()).done).toBe(true);
  expect((await episodes.next()).done).toBe(true);
  expect((await sums.next()).done).toBe(true);
});

it('the end of an earlier session, which had ended before one subscribed, is not told behind the state of the next', async () => {
  const { world, way } = twoServers();
  await settled();
  const streamId = await world.stream();
  const times = { startedAt: new Date(Date.now() - 5_000), endedAt: new Date() };
  world.store.addSession(streamId, { state: 'ENDED', ...times });
  const session = world.store.addSession(streamId, { state: 'RUNNING', startedAt: new Date() });
  const status = await world.subscriptions().status({ streamId });
  way.cut();
  await settled();
  await world.end(session);
  const told: string[] = [];
  while (told.at(-1) !== 'ENDED') told.push((await status.next()).value!.session.state);
  expect(told).toEqual(['RUNNING', 'ENDED']);
});

it('who reads episodes slowly is told of their end, however much was committed elsewhere behind it', async () => {
  const { world } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const [ofSession, ofStream] = [
    await world.subscriptions().episodes({ sessionId: session.id }),
    await world.subscriptions().episodes({ streamId: session.streamId }),
  ];
  await world.end(session);
  world.bus.removed(session.streamId);
  await settled();
  const bus = world.feed as SharedBus;
  for (let count = 0; count < 100; count++) bus.publish({ kind: 'committed', positions: null });
  expect((await ofSession.next()).done).toBe(true);
  expect((await ofStream.next()).done).toBe(true);
});

it.each([
  ['right', 0],
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
])(
  'what is read while nothing is carried does not grow with the time, on a server whose clock is %s',
  async (_, off) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const since: number[] = [];
    const world = new World();
    const stored = storedIn(world.store);
    let handlers!: TransportHandlers;
    const ignore = () => {};
    const bus = new SharedBus({
      open: (given) => {
        handlers = given;
        return { isUp: false, send: ignore, close: async () => {} };
      },
      stored: {
        ...stored,
        now: () => Date.now() - off,
        sessions(of) {
          since.push(Date.now() - off - of.since.getTime());
          return stored.sessions(of);
        },
      },
      ...{ onErased: ignore, onTagged: async () => {}, everyMs: 50 },
      metrics: {
        ...{
          up: ignore,
          sent: ignore,
          received: ignore,
          withheld: ignore,
          unreadable: ignore,
          caughtUp: ignore,
        },
      },
      log: { info: ignore, warn: ignore, error: ignore },
    });
    onTestFinished(() => bus.close());
    bus.subscribe(['moment'], {});
    handlers.onDown();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(since.length).toBeGreaterThan(20);
    // The clocks of servers differ by ten seconds at most.
    for (const milliseconds of since.slice(1)) expect(milliseconds).toBeLessThan(10_000 + 1_500);
    expect(Math.min(...since)).toBeGreaterThanOrEqual(10_000);
  },
);

/** Of a kind by its number, with any body. */
function raw(
  kind: number,
  number: number,
  { streamId, id }: Pick<SessionRecord, 'streamId' | 'id'>,
  body: string,
) {
  const writer = new ByteWriter();
  writer.reserve(16);
  writer.uint8(WIRE_VERSION);
  writer.uint8(kind);
  writer.double(number);
  for (const text of ['stranger', streamId, id]) writer.id(text);
  writer.bytes(Buffer.from(body));
  return writer.take();
}

it('nonsense is left out, and harms nothing that comes later', async () => {
  const { world, way, there } = twoServers();
  await pass();
  const session = world.begin(await world.stream());
  const [all, one] = [await world.open({}), await world.open({ sessionId: session.id })];
  const status = await world.subscriptions().status({});
  await world.commit(session, 2);
  await settled();
  const dates = { startedAt: 'never', endedAt: null };
  const bodies = [
    '',
    'null',
    '[]',
    '{}',
    '"x"',
    '-1',
    '1e999',
    '{"session":null}',
    '{"here":1}',
    '[{"do":"ALL"}]',
  ];
  bodies.push(JSON.stringify({ session: { ...session, state: 'HAPPY' } }));
  bodies.push(
    JSON.stringify({ session: { ...session, ...dates } }),
    JSON.stringify({ kind: 'ONSET', episode: dates }),
  );
  bodies.push(JSON.stringify({ worker: 'there', told: 1e300 }), JSON.stringify({ worker: null, told: -1 }));
  let sent = 0;
  for (const number of [0, 1, Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 60])
    for (let kind = 0; kind < 9; kind++)
      for (const body of bodies) {
        // What has no body, and a number, is what it says it is.
        if (number === 1 && (kind === 3 || kind === 5)) continue;
        sent += 1;
        way.inject(raw(kind, number, session, body));
      }
  await world.commit(session, 3);
  expect(seqs(await take(all, 5))).toEqual(range(0, 5));
  expect(seqs(await take(one, 5))).toEqual(range(0, 5));
  await expect.poll(() => there.counts.unreadable).toBeGreaterThan(0.8 * sent);
  expect(there.counts.erased).toEqual([]);
  way.cut();
  await world.end(session);
  expect((await one.next()).done).toBe(true);
  expect((await status.next()).value?.session.state).toBe('STARTING');
  expect((await status.next()).value?.session.state).toBe('ENDED');
});
