/** Moments of all streams, resumed by a cursor that does not grow with them. */
import { describe, expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { beginningOf } from '../../src/domain/log-position.ts';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { moment, seeded } from '../helpers/memory-store.ts';
import { range, seqs, take, World } from './world.ts';

const everything = encodeCursor({ kind: 'all', positions: [] });

/** `SEEDS=100 npm run test:unit -- all-streams` tries more. */
const SEEDS = range(1, 1 + Number(process.env.SEEDS ?? 5));

describe.each(SEEDS)('interleaving %i', (seed) => {
  it('of 1,000 sessions a client that comes and goes gets each moment once, by cursors under 1 kB', async () => {
    const random = seeded(seed * 65_537);
    const world = new World();
    world.capacity = 1 + Math.floor(random() * 5_000);
    world.store.beforeRead = async () => {
      if (random() < 0.2) await new Promise(setImmediate);
    };
    const streams = await Promise.all(range(0, 1000).map(() => world.stream()));
    const first = await world.open({});
    const sessions = streams.map((id) => world.begin(id));
    let total = 1;
    await world.commit(sessions[0]!);
    const received = await take(first, 1);
    await first.return?.();
    const writing = (async () => {
      for (let round = 0; round < 3000; round++) {
        await world.commit(sessions[Math.floor(random() * sessions.length)]!);
        total += 1;
        if (random() < 0.05) await new Promise(setImmediate);
      }
    })();
    let isOver = false;
    void writing.then(() => {
      isOver = true;
    });
    while (!isOver || received.length < total) {
      if (received.length === total) {
        await new Promise(setImmediate);
        continue;
      }
      const moments = await world.open({ after: received.at(-1)!.cursor });
      // Read from the store, nothing is lost; live, a queue that is smaller than a burst loses some, and says so.
      const before = world.store.newest - beginningOf(1) - received.length;
      const some = Math.max(1, Math.min(before, Math.floor(random() * 400)));
      received.push(...(await take(moments, some)));
      await moments.return?.();
    }
    await writing;
    const sent = new Map<string, number[]>();
    for (const { moment } of received)
      sent.set(moment.sessionId, [...(sent.get(moment.sessionId) ?? []), moment.seq]);
    const stored = [...world.store.moments].map(([id, { length }]) => [id, range(0, length)] as const);
    expect(sent).toEqual(new Map(stored));
    expect(received.length).toBe(3001);
    expect(received.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
    expect(Math.max(...received.map(({ cursor }) => cursor.length))).toBeLessThan(1000);
  });
});

it('a slow client is told how many it missed, and goes on behind them', async () => {
  const world = new World();
  const sessions = [world.begin(await world.stream()), world.begin(await world.stream())];
  const moments = await world.open({});
  for (let count = 0; count < 10; count++) for (const session of sessions) await world.commit(session);
  expect(moments.lost()).toBe(20 - world.capacity);
  const sent = await take(moments, world.capacity);
  expect(sent.map(({ skippedBefore }) => skippedBefore)).toEqual([20 - world.capacity, ...Array(7).fill(0)]);
  await moments.return?.();
  const again = await world.open({ after: sent[0]!.cursor });
  expect(await take(again, world.capacity - 1)).toEqual(sent.slice(1));
  await again.return?.();
});

it('what the bus leaves out, and brings twice or out of order, is read from the store, each moment once', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({});
  const tell = (seq: number) =>
    world.bus.moment(session.streamId, moment(session.id, seq), beginningOf(1) + 1 + seq);
  for (const seq of range(0, 8)) await world.store.append(moment(session.id, seq));
  tell(0);
  expect(seqs(await take(moments, 1))).toEqual([0]);
  for (const seq of [1, 4, 3, 1, 6]) tell(seq);
  const sent: SentMoment[] = await take(moments, 7);
  expect(seqs(sent)).toEqual(range(1, 8));
  expect(sent.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
  await moments.return?.();
});

it('with `every` and a filter, each session has the moments that one who stayed gets, wherever a client resumes', async () => {
  const world = new World();
  const sessions = [world.begin(await world.stream()), world.begin(await world.stream())];
  for (let count = 0; count < 60; count++) await world.commit(sessions[count % 2]!);
  const all = await take(await world.open({ after: everything, every: 500 }), 12);
  expect(all.map(({ moment: { seq } }) => seq).sort((a, b) => a - b)).toEqual(
    [0, 5, 10, 15, 20, 25].flatMap((seq) => [seq, seq]),
  );
  for (const [at, { cursor }] of all.slice(0, -1).entries()) {
    const rest = await world.open({ after: cursor, every: 500 });
    const identity = ({ moment: { sessionId, seq } }: SentMoment) => [sessionId, seq];
    expect((await take(rest, 11 - at)).map(identity)).toEqual(all.slice(at + 1).map(identity));
    await rest.return?.();
  }
});

it('the writers that came last stand in the cursor, 32 at most', async () => {
  const world = new World();
  await world.commit(world.begin(await world.stream()), 2);
  const { writers } = world.store.log;
  const others = range(2, 100).map((id) => ({ id, newest: beginningOf(id) + 2 ** 29 }));
  world.store.log.writers = async () => [...(await writers()), ...others];
  const moments = await world.open({ after: everything });
  const [first] = await take(moments, 1);
  expect(Buffer.from(first!.cursor, 'base64url').toString()).toBe(`a2 ${beginningOf(1) + 1}`);
  await moments.return?.();
  const live = await world.open({});
  await world.commit(world.begin(await world.stream()), 1);
  await live.return?.();
  const last = encodeCursor({
    kind: 'all',
    positions: range(68, 100).map((id) => beginningOf(id) + 2 ** 29),
  });
  expect(last.length).toBeLessThan(1000);
});

it('what an erasure let go of on its way to a slow subscriber is read again, as the store has it now', async () => {
  const world = new World();
  const [one, other] = [world.begin(await world.stream()), world.begin(await world.stream())];
  const moments = await world.open({});
  await world.commit(one, 2);
  await world.commit(other, 2);
  world.feed.forget((event) => event.kind === 'moment' && event.moment.sessionId === one.id);
  await world.commit(other);
  const sent = await take(moments, 5);
  expect(
    sent.map(({ moment: { sessionId, seq } }) => `${sessionId === one.id ? 'one' : 'other'} ${seq}`),
  ).toEqual([...['one 0', 'one 1', 'other 0', 'other 1', 'other 2']]);
  expect(sent.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
  await moments.return?.();
});
