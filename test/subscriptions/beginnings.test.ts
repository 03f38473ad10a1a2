/** The cursor of now: behind it comes what one who subscribes now gets, and nothing that was before. */
import { expect, it } from 'vitest';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { moment } from '../helpers/memory-store.ts';
import { range, seqs, take, World } from './world.ts';

/** Commits a moment with which an episode begins. */
async function tell(world: World, { id, streamId }: SessionRecord, index: number): Promise<void> {
  const times = { onset: 0, apex: 0, offset: null, startedAt: new Date(0), endedAt: null };
  const episode = { sessionId: id, index, track: 1, expression: 'FEAR', peak: 0.5, ...times } as const;
  const event = { kind: 'ONSET', episode } as const;
  const position = await world.store.append(moment(id, index), [event]);
  world.bus.episode(streamId, event, position);
}

it.each(['streamId', 'sessionId', 'all'] as const)('of moments, by %s', async (by) => {
  const world = new World();
  const streamId = await world.stream();
  const session = world.begin(streamId);
  const scope = { streamId: { streamId }, sessionId: { sessionId: session.id }, all: {} }[by];
  await world.commit(session, 3);
  const after = await world.subscriptions().cursorOfNow('moments', scope);
  await world.commit(session, 4);
  const moments = await world.open({ ...scope, after });
  expect(seqs(await take(moments, 4))).toEqual(range(3, 7));
  await moments.return?.();
});

it('of a stream that has no session yet all of its sessions follow', async () => {
  const world = new World();
  const streamId = await world.stream();
  const after = await world.subscriptions().cursorOfNow('moments', { streamId });
  for (const session of [world.begin(streamId), world.begin(streamId)]) {
    await world.commit(session, 2);
    await world.end(session);
  }
  const moments = await world.open({ streamId, after });
  expect(seqs(await take(moments, 4))).toEqual([0, 1, 0, 1]);
  await moments.return?.();
  const other = { streamId: await world.stream(), after };
  await expect(world.open(other)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  await expect(world.open({ after })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
});

it('of moments and episodes where nothing was ever stored', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const live = world.subscriptions();
  const after = await live.cursorOfNow('moments', {});
  const afterEpisodes = await live.cursorOfNow('episodes', {});
  await tell(world, session, 0);
  const moments = await world.open({ after });
  expect(seqs(await take(moments, 1))).toEqual([0]);
  await moments.return?.();
  const episodes = await live.episodes({ after: afterEpisodes });
  expect((await episodes.next()).value).toMatchObject({ event: { episode: { index: 0 } } });
  await episodes.return?.();
});

it('of episodes', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const live = world.subscriptions();
  await tell(world, session, 0);
  const after = await live.cursorOfNow('episodes', {});
  await tell(world, session, 1);
  const episodes = await live.episodes({ after });
  expect((await episodes.next()).value).toMatchObject({ event: { episode: { index: 1 } } });
  await episodes.return?.();
});
