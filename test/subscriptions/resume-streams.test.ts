import { expect, it } from 'vitest';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { tick } from '../helpers/memory-store.ts';
import { range, seqs, take, World } from './world.ts';

it('a resumed stream goes on with its next session, and from any of its sessions', async () => {
  const world = new World();
  const stream = await world.stream();
  const first = world.begin(stream);
  await world.commit(first, 3);
  await world.end(first);
  const second = world.begin(stream);
  await world.commit(second, 2);
  const moments = await world.open({ streamId: stream, after: momentCursor(first.id, 0) });
  const all = take(moments, 6);
  await tick();
  await world.end(second, 'INTERRUPTED');
  const third = world.begin(stream);
  await world.commit(third, 2);
  const sent = await all;
  expect(seqs(sent)).toEqual([1, 2, 0, 1, 0, 1]);
  expect(sent.at(-1)?.cursor).toBe(momentCursor(third.id, 1));
  world.bus.removed(stream);
  expect((await moments.next()).done).toBe(true);
});

it('a resumed stream goes on with a session that began when the clock was set back', async () => {
  const world = new World();
  const stream = await world.stream();
  const first = world.begin(stream);
  await world.commit(first, 2);
  await world.end(first);
  const earlier = new Date(first.startedAt.getTime() - 3_600_000);
  const second = world.store.addSession(stream, { startedAt: earlier });
  await world.commit(second, 2);
  const moments = await world.open({ streamId: stream, after: momentCursor(first.id, 0) });
  expect(seqs(await take(moments, 3))).toEqual([1, 0, 1]);
  await moments.return?.();
});

it.each(['a copy of a moment', 'the end'])(
  'of a session that began shortly before that of the cursor nothing is sent again for %s that comes late',
  async (what) => {
    const world = new World();
    const stream = await world.stream();
    const first = world.begin(stream);
    await world.commit(first, 3);
    await world.end(first);
    const second = world.begin(stream, new Date(first.startedAt.getTime() + 5000));
    await world.commit(second, 2);
    // Of this one the clock said that it began before.
    const third = world.begin(stream, new Date(second.startedAt.getTime() - 1000));
    await world.commit(third, 1);
    const moments = await world.open({ streamId: stream, after: momentCursor(second.id, 0) });
    const sent = await take(moments, 2);
    const next = take(moments, 1);
    await tick();
    if (what === 'the end') world.bus.status(stream, world.store.records.get(first.id)!);
    else world.bus.moment(stream, world.store.moments.get(first.id)![2]!, 0);
    await tick();
    await world.commit(third, 1);
    sent.push(...(await next));
    expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId === third.id, seq])).toEqual([
      [false, 1],
      [true, 0],
      [true, 1],
    ]);
    await moments.return?.();
  },
);

it('a subscription to one stream does not tell of others', async () => {
  const world = new World();
  const [mine, other] = [await world.stream(), await world.stream()];
  const moments = await world.open({ streamId: mine });
  await world.commit(world.begin(other), 3);
  await world.commit(world.begin(mine), 1);
  expect(await take(moments, 1)).toMatchObject([{ moment: { seq: 0 }, skippedBefore: 0 }]);
  await moments.return?.();
});

const everything = encodeCursor({ kind: 'all', positions: [] });

it('all streams resume as one timeline: what happened at the same time in several sessions comes together', async () => {
  const world = new World();
  const one = world.begin(await world.stream());
  const two = world.begin(await world.stream());
  const start = one.startedAt.getTime() + 5_000;
  for (let at = 0; at < 500; at++) {
    await world.commit(at % 3 === 0 ? one : two, 1, { wallTime: start + at * 100 });
  }
  await world.end(one);
  const moments = await world.open({ after: everything });
  const sent = await take(moments, 500);
  await moments.return?.();
  expect(sent.map(({ moment: { wallTime } }) => (wallTime - start) / 100)).toEqual(range(0, 500));
  // From any of the cursors in between it goes on where it was.
  for (const at of [0, 123, 400]) {
    const again = await world.open({ after: sent[at]!.cursor });
    expect((await take(again, 499 - at)).map(({ moment }) => moment)).toEqual(
      sent.slice(at + 1).map(({ moment }) => moment),
    );
    await again.return?.();
  }
});

it('the cursor of all streams keeps an ended session until its moments are sent, whatever else begins', async () => {
  const world = new World();
  const old = world.begin(await world.stream());
  await world.commit(old, 300);
  await world.end(old);
  for (let index = 0; index < 20; index++) world.begin(await world.stream());
  const stream = await world.stream();
  const moments = await world.open({ after: everything });
  let reads = 0;
  world.store.beforeRead = async () => {
    // More than the queue holds, so that states are dropped from it in the middle of the replay.
    if (++reads === 1) for (let index = 0; index < 30; index++) world.begin(stream);
  };
  const sent = await take(moments, 100);
  await moments.return?.();
  const again = await world.open({ after: sent.at(-1)!.cursor });
  expect(seqs(await take(again, 200))).toEqual(range(100, 300));
  await again.return?.();
});
