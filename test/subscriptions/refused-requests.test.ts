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

function encodeText(text: string): string {
  return Buffer.from(text).toString('base64url');
}
