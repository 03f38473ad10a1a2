import { expect, it } from 'vitest';
import { beginningOf } from '../../src/domain/log-position.ts';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { range, seqs, take, World } from './world.ts';

const refused = async (world: World, request: object, code: string) =>
  expect(world.open(request)).rejects.toMatchObject({ code });

it('subscribing refuses cursors that are garbage, of another scope, or in the future', async () => {
  const world = new World();
  const [stream, other] = [await world.stream(), await world.stream()];
  const session = world.begin(stream);
  const stranger = world.begin(other);
  await world.commit(session, 3);
  await world.commit(stranger, 3);
  const own = momentCursor(session.id, 1);
  for (const after of [
    '',
    'x',
    'é',
    `${own}=`,
    `${own}A`,
    ` ${own}`,
    'A'.repeat(200_000),
    encodeText('s1 a b'),
  ]) {
    await refused(world, { sessionId: session.id, after }, 'CURSOR_INVALID');
  }
  await refused(world, { sessionId: session.id, after: momentCursor(stranger.id, 1) }, 'CURSOR_INVALID');
  await refused(world, { streamId: stream, after: momentCursor(stranger.id, 1) }, 'CURSOR_INVALID');
  await refused(world, { sessionId: session.id, after: momentCursor(session.id, 3) }, 'CURSOR_INVALID');
  await refused(world, { after: own }, 'CURSOR_INVALID');
  const all = encodeCursor({ kind: 'all', positions: [beginningOf(1) + 1] });
  await refused(world, { sessionId: session.id, after: all }, 'CURSOR_INVALID');
  expect(world.bus.subscribers).toBe(0);
});

it('subscribing says when moments after the cursor were deleted', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 10);
  const kept = world.store.moments.get(session.id)?.slice(5) ?? [];
  world.store.moments.set(session.id, kept);
  await refused(world, { sessionId: session.id, after: momentCursor(session.id, 3) }, 'CURSOR_EXPIRED');
  const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, 4) });
  expect(seqs(await take(moments, 5))).toEqual(range(5, 10));
  await moments.return?.();
  await refused(world, { streamId: session.streamId, after: momentCursor('gone', 1) }, 'CURSOR_EXPIRED');
});

it('a cursor that more sessions follow than one subscription reads is refused before they are looked at', async () => {
  const world = new World();
  const stream = await world.stream();
  const first = world.begin(stream);
  for (let count = 0; count < 1000; count++) world.begin(stream);
  let reads = 0;
  world.store.beforeRead = async () => void reads++;
  const ofStream = { streamId: stream, after: momentCursor(first.id, -1) };
  await (await world.open(ofStream)).return?.();
  world.begin(stream);
  reads = 0;
  await refused(world, ofStream, 'CURSOR_EXPIRED');
  expect(reads).toBe(0);
  expect(world.bus.subscribers).toBe(0);
});

it('a cursor of all streams is refused when it points past what is stored, or when what follows it was deleted', async () => {
  const world = new World();
  const stream = await world.stream();
  await world.commit(world.begin(stream), 10);
  const behind = (position: number) => ({ after: encodeCursor({ kind: 'all', positions: [position] }) });
  await refused(world, behind(beginningOf(1) + 11), 'CURSOR_INVALID');
  await refused(world, behind(beginningOf(2) + 1), 'CURSOR_INVALID');
  world.store.expired.set(stream, beginningOf(1) + 5);
  await refused(world, behind(beginningOf(1) + 4), 'CURSOR_EXPIRED');
  const moments = await world.open(behind(beginningOf(1) + 5));
  expect(seqs(await take(moments, 5))).toEqual(range(5, 10));
  await moments.return?.();
});

it('subscribing refuses what does not exist or does not belong together', async () => {
  const world = new World();
  const [stream, other] = [await world.stream(), await world.stream()];
  const session = world.begin(stream);
  await refused(world, { streamId: 'nothing' }, 'NOT_FOUND');
  await refused(world, { sessionId: 'nothing' }, 'NOT_FOUND');
  await refused(world, { streamId: other, sessionId: session.id }, 'BAD_INPUT');
  await refused(world, { streamId: stream, every: 0 }, 'BAD_INPUT');
});

it('naming a session with its own stream is no contradiction', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const moments = await world.open({ streamId: session.streamId, sessionId: session.id, every: 1 });
  await world.commit(session);
  expect(seqs(await take(moments, 1))).toEqual([0]);
  await moments.return?.();
});

it('a cursor of before the first session of a stream is of no other scope, and of a thousand sessions at most', async () => {
  const world = new World();
  const stream = await world.stream();
  const after = encodeCursor({ kind: 'stream', streamId: stream });
  const first = world.begin(stream);
  const foreign = world.begin(await world.stream());
  await world.commit(foreign);
  await world.commit(first);
  await refused(world, { streamId: stream, sessionId: first.id, after }, 'CURSOR_INVALID');
  await refused(world, { streamId: foreign.streamId, after }, 'CURSOR_INVALID');
  for (let count = 1; count < 1000; count++) world.begin(stream);
  const moments = await world.open({ streamId: stream, after });
  world.bus.removed(stream);
  expect((await take(moments, 10)).map(({ moment }) => moment.sessionId)).toEqual([first.id]);
  world.begin(stream);
  await refused(world, { streamId: stream, after }, 'CURSOR_EXPIRED');
});

it('a cursor of which all that follows was deleted has expired', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 10);
  world.store.extent = async () => ({ oldest: null, newest: 9 });
  await refused(world, { sessionId: session.id, after: momentCursor(session.id, 8) }, 'CURSOR_EXPIRED');
  // Nothing follows this one.
  await (await world.open({ sessionId: session.id, after: momentCursor(session.id, 9) })).return?.();
});

it('whoever is refused is told what to do instead', async () => {
  const world = new World();
  const [stream, other] = [await world.stream(), await world.stream()];
  const session = world.begin(stream);
  await world.commit(session, 3);
  const told = async (request: object, of: 'moments' | 'episodes' | 'status' = 'moments') =>
    world
      .subscriptions()
      [of](request)
      .then(
        () => 'nothing',
        ({ message }: Error) => message,
      );
  const all = encodeCursor({ kind: 'all', positions: [beginningOf(1) + 1] });
  const begin = 'Subscribe without `after`, and read what you missed from `Session.timeline`.';
  const messages = [
    await told({ streamId: 'nothing' }),
    await told({ streamId: 'nothing' }, 'status'),
    await told({ sessionId: 'nothing' }),
    await told({ streamId: other, sessionId: session.id }),
    await told({ streamId: stream, every: 0 }),
    await told({ after: 'x' }),
    await told({ after: momentCursor(session.id, 1) }),
    await told({ after: all }, 'episodes'),
    await told({ streamId: stream, after: all }),
    await told({ sessionId: session.id, after: momentCursor(session.id, 3) }),
    await told({ after: encodeCursor({ kind: 'all', positions: [beginningOf(1) + 4] }) }),
    await told({ streamId: stream, after: momentCursor('gone', 1) }),
  ];
  world.store.expired.set(stream, beginningOf(1) + 3);
  messages.push(await told({ after: all }));
  world.store.moments.set(session.id, world.store.moments.get(session.id)!.slice(2));
  messages.push(await told({ sessionId: session.id, after: momentCursor(session.id, 0) }));
  for (let count = 0; count < 1001; count++) world.begin(stream);
  messages.push(await told({ streamId: stream, after: momentCursor(session.id, 2) }));
  expect(messages).toEqual([
    'There is no stream nothing.',
    'There is no stream nothing.',
    'There is no session nothing.',
    `Session ${session.id} is not one of stream ${other}; name one of them only.`,
    '`every` must be at least 1 millisecond.',
    'This is not a cursor of mien. Pass the `cursor` of a moment unchanged, or leave `after` out to begin now.',
    'This cursor is none of moments of all streams. Name its stream or session, or leave `after` out.',
    'This cursor is none of `expressionEpisodes`. Use one received from there, or leave `after` out.',
    'This cursor belongs to another stream or session, or to all streams. Use one received from what is asked for.',
    'This cursor points past the last moment of its session. Leave `after` out to begin now.',
    'This cursor points past what is stored. Leave `after` out to begin now.',
    `The session of this cursor is no longer stored. ${begin}`,
    `Moments that follow this cursor were deleted, being older than the retention. ${begin}`,
    `Moments that follow this cursor were deleted, being older than the retention. ${begin}`,
    `More than 1000 sessions began since this cursor. ${begin}`,
  ]);
});

function encodeText(text: string): string {
  return Buffer.from(text).toString('base64url');
}
