import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { moment, tick } from '../helpers/memory-store.ts';
import { range, seqs, take, World } from './world.ts';

it('a resumed session sends what was missed, then what happens, and finishes with the session', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 5);
  const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, 1) });
  const all = take(moments, 100);
  await tick();
  await world.commit(session, 3);
  await world.end(session);
  expect(seqs(await all)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(world.bus.subscribers).toBe(0);
});

it('a subscription without a cursor begins with the next moment', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 5);
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session, 2);
  expect(seqs(await take(moments, 2))).toEqual([5, 6]);
  await moments.return?.();
});

it('an ended session is replayed from before its first moment, and finishes', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 450);
  await world.end(session);
  const replay = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
  expect(seqs(await take(replay, 1000))).toEqual(range(0, 450));
  const nothing = await world.open({ sessionId: session.id });
  expect(await take(nothing, 1)).toEqual([]);
});

it('moments that a slow subscriber missed are counted, with the dropped frames of what it missed', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  const first = take(moments, 1);
  await world.commit(session, 1);
  await first;
  await world.commit(session, 20, { dropped: { busy: 1 } });
  const [next] = await take(moments, 1);
  expect(next).toMatchObject({ skippedBefore: 12, moment: { seq: 13, dropped: { busy: 13 } } });
  expect((await take(moments, 1))[0]).toMatchObject({
    skippedBefore: 0,
    moment: { seq: 14, dropped: { busy: 1 } },
  });
  await moments.return?.();
});

it('the store is read again when the queue overflows while it is read, however slow the reader', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 10);
  const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
  const sent: SentMoment[] = [];
  for (let round = 0; round < 30; round++) {
    sent.push(...(await take(moments, 1)));
    if (round < 5) await world.commit(session, 20);
  }
  await world.end(session);
  sent.push(...(await take(moments, 1000)));
  expect(seqs(sent)).toEqual(range(0, 110));
  expect(sent.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
});

it('a gap that the bus left is filled from the store', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  for (const seq of range(0, 4)) await world.store.append(moment(session.id, seq));
  world.bus.moment(session.streamId, moment(session.id, 3), 0);
  expect(seqs(await take(moments, 4))).toEqual([0, 1, 2, 3]);
  await moments.return?.();
});

it('`every` thins by media time and adds up the dropped frames of what it leaves out, also after resuming', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 20, { dropped: { busy: 1 } });
  await world.end(session);
  const request = { sessionId: session.id, every: 300 };
  const all = await take(await world.open({ ...request, after: momentCursor(session.id, -1) }), 100);
  expect(seqs(all)).toEqual([0, 3, 6, 9, 12, 15, 18]);
  expect(all.map(({ moment: { dropped } }) => dropped.busy)).toEqual([1, 3, 3, 3, 3, 3, 3]);
  const again = await take(await world.open({ ...request, after: all[2]?.cursor }), 100);
  expect(again).toEqual(all.slice(3));
});

it('a subscription to moments ends at once when it is returned or aborted while waiting', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  const waiting = moments.next();
  await moments.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(world.bus.subscribers).toBe(0);
  for (const scope of [{ sessionId: session.id }, { streamId: session.streamId }, {}]) {
    const controller = new AbortController();
    const aborted = (await world.open(scope, controller.signal)).next();
    controller.abort();
    expect((await aborted).done).toBe(true);
    // Of one that is over nothing is kept, and one that was over before it was opened ends as well.
    const ended = new AbortController();
    await (await world.open(scope, ended.signal)).return?.();
    expect(getEventListeners(ended.signal, 'abort')).toEqual([]);
    expect((await (await world.open(scope, AbortSignal.abort())).next()).done).toBe(true);
    expect(world.bus.subscribers).toBe(0);
  }
});
