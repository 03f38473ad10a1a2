/** What a bus loses, brings late or brings twice: nothing is missed without being told, sent twice, or blamed on the client. */
import { expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { range, rounds, seqs, take, World } from './world.ts';

const skipped = (sent: readonly SentMoment[]) =>
  sent.reduce((sum, { skippedBefore }) => sum + skippedBefore, 0);

it('moments that the bus lost before the queue dropped others are told with them', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session);
  const first = await take(moments, 1);
  await world.commitUnheard(session, 20);
  await world.commit(session, 15 + world.capacity);
  const rest = await take(moments, world.capacity);
  expect(seqs(first)).toEqual([0]);
  expect(seqs(rest)).toEqual(range(36, 36 + world.capacity));
  expect(rest[0]!.skippedBefore).toBe(35);
  expect(moments.lost()).toBe(35);
});

it('what the queue drops while a hole is read from the store is read from there, too: the client was not slow', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ sessionId: session.id });
  await world.commit(session);
  const sent = await take(moments, 1);
  await world.commitUnheard(session, 5);
  let more = 3;
  world.store.beforeRead = async () => {
    if (more-- > 0) await world.commit(session, 4 * world.capacity);
  };
  await world.commit(session);
  const total = 1 + 5 + 1 + 3 * 4 * world.capacity;
  sent.push(...(await take(moments, total - 1)));
  expect(seqs(sent)).toEqual(range(0, total));
  expect(skipped(sent)).toBe(0);
});

/** Of a session that is over and forgotten, behind the first moment of the next one. */
async function withLateCopies() {
  const world = new World();
  const stream = await world.stream();
  const moments = await world.open({ streamId: stream });
  const old = world.begin(stream);
  await world.commit(old, 2);
  const copies = world.store.moments.get(old.id)!;
  const sent = await take(moments, 2);
  await world.end(old);
  const next = world.begin(stream, new Date(old.startedAt.getTime() + 60_000));
  await world.commit(next);
  sent.push(...(await take(moments, 1)));
  for (const copy of copies) world.bus.moment(stream, copy, 0);
  return { world, moments, next, sent };
}

it('a late copy of a moment is not sent again, also of a session that is over and forgotten', async () => {
  const { world, moments, next, sent } = await withLateCopies();
  await world.commit(next);
  sent.push(...(await take(moments, 1)));
  expect(sent.map(({ moment: { sessionId, seq } }) => [sessionId === next.id, seq])).toEqual([
    [false, 0],
    [false, 1],
    [true, 0],
    [true, 1],
  ]);
  expect(skipped(sent)).toBe(0);
});

it('late copies that the queue drops are no loss', async () => {
  const { world, moments, next } = await withLateCopies();
  await world.commit(next, world.capacity);
  const sent = await take(moments, world.capacity);
  expect(seqs(sent)).toEqual(range(1, 1 + world.capacity));
  expect(skipped(sent)).toBe(0);
});

it('a session of which the bus lost the beginning is sent from its first moment', async () => {
  const world = new World();
  const stream = await world.stream();
  const moments = await world.open({ streamId: stream });
  const session = world.store.addSession(stream);
  await world.commitUnheard(session, 3);
  await world.commit(session);
  const sent = await take(moments, 4);
  expect(seqs(sent)).toEqual(range(0, 4));
  expect(skipped(sent)).toBe(0);
});

/** Who follows a session, or its stream, and has had its first two moments. */
async function afterTwo(of: 'session' | 'stream') {
  const world = new World();
  const session = world.begin(await world.stream());
  const { streamId } = session;
  const moments = await world.open({ session: { sessionId: session.id }, stream: { streamId } }[of]);
  await world.commit(session, 2);
  return { world, session, moments, sent: await take(moments, 2) };
}

it.each(['session', 'stream'] as const)(
  'an end that the queue dropped for moments that came late behind it is told all the same: of one %s',
  async (of) => {
    const { world, session, moments, sent } = await afterTwo(of);
    const { streamId } = session;
    // The database tells the end before the bus of another server has brought what came before it.
    await world.commitUnheard(session, world.capacity + 5);
    await world.end(session);
    const late = world.store.moments.get(session.id)!.slice(2, 2 + world.capacity);
    for (const moment of late) world.bus.moment(streamId, moment, 0);
    sent.push(...(await take(moments, world.capacity + 5)));
    expect(seqs(sent)).toEqual(range(0, 2 + world.capacity + 5));
    expect(skipped(sent)).toBe(0);
    if (of === 'session') expect((await moments.next()).done).toBe(true);
    await moments.return?.();
  },
);

it('a removal that the queue dropped ends who follows the stream', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ streamId: session.streamId });
  await world.commit(session, world.capacity);
  const late = world.store.moments.get(session.id)!;
  world.bus.removed(session.streamId);
  for (const moment of late) world.bus.moment(session.streamId, moment, 0);
  expect((await take(moments, 2 * world.capacity)).length).toBeLessThan(2 * world.capacity);
});

it.each(['session', 'stream'] as const)(
  'an end that the queue dropped is told also where all that came behind it was erased meanwhile: of one %s',
  async (of) => {
    const { world, session, moments, sent } = await afterTwo(of);
    const { streamId } = session;
    await world.commitUnheard(session, world.capacity);
    await world.end(session);
    for (const late of world.store.moments.get(session.id)!.slice(2)) world.bus.moment(streamId, late, 0);
    world.feed.forget(({ kind }) => kind === 'moment');
    const rest = await Promise.race([take(moments, world.capacity), rounds(500)]);
    expect(seqs([...sent, ...(rest ?? [])])).toEqual(range(0, 2 + world.capacity));
    if (of === 'session') expect((await moments.next()).done).toBe(true);
    await moments.return?.();
  },
);
