/** Which sessions a subscriber knows, and of which it hears late copies. */
import { expect, it } from 'vitest';
import type { SessionQueries } from '../../src/domain/session-queries.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { CLOCK_SKEW_MS, Offsets } from '../../src/subscriptions/offsets.ts';
import { MemoryStore } from '../helpers/memory-store.ts';

const START = 1_800_000_000_000;

const began = (store: MemoryStore, at: number): SessionRecord =>
  store.addSession('stream', { startedAt: new Date(at) });

it('of a session that is not known all moments are to come, if it began no longer before the newest than clocks differ', async () => {
  const store = new MemoryStore();
  const offsets = new Offsets(0);
  const newest = began(store, START);
  offsets.add(newest.id, 4, newest.startedAt);
  const [beside, before, next] = [
    began(store, START - CLOCK_SKEW_MS),
    began(store, START - CLOCK_SKEW_MS - 1),
    began(store, START + 1),
  ];
  expect(await offsets.find(before.id, store.sessions)).toBeNull();
  expect(await offsets.find(beside.id, store.sessions)).toMatchObject({ seen: -1, sent: -1, over: false });
  expect(await offsets.find(next.id, store.sessions)).toMatchObject({ seen: -1, over: false });
  // An older one that becomes known takes nothing back.
  offsets.add(before.id, 2, before.startedAt);
  const older = began(store, START - CLOCK_SKEW_MS - 1);
  expect(await offsets.find(older.id, store.sessions)).toBeNull();
});

it('of several sessions that are not known none is done with because another began later, however they are named and answered', async () => {
  const store = new MemoryStore();
  const [first, later] = [began(store, START), began(store, START + 2 * CLOCK_SKEW_MS)];
  const sessions: Pick<SessionQueries, 'get'> = {
    async get(id) {
      const session = await store.sessions.get(id);
      if (id === first.id) await new Promise((resolve) => setTimeout(resolve, 5));
      return session;
    },
  };
  for (const ids of [
    [first.id, later.id],
    [later.id, first.id],
  ]) {
    const found = await new Offsets(0).findAll(ids, sessions);
    expect(found.map(({ sessionId, seen }) => [sessionId, seen])).toEqual(ids.map((id) => [id, -1]));
  }
});

it('a session that is known stays where it is, and is not looked up again, also when it is removed', async () => {
  const offsets = new Offsets(0);
  const offset = offsets.add('one', 4, new Date(START));
  expect(offsets.add('one', -1, new Date(START))).toBe(offset);
  const sessions = { get: async () => expect.fail('it is known') };
  expect(await offsets.find('one', sessions)).toBe(offset);
  expect(offset.seen).toBe(4);
});

it('a session that is removed is none', async () => {
  expect(await new Offsets(0).find('gone', new MemoryStore().sessions)).toBeNull();
});

it('a session that begins while we listen has all of its moments to come; another state of one tells nothing', () => {
  const store = new MemoryStore();
  const offsets = new Offsets(0);
  const session = began(store, START);
  offsets.note({ ...session, state: 'RUNNING' }, false);
  expect(offsets.get(session.id)).toBeUndefined();
  offsets.note(session, false);
  expect(offsets.get(session.id)).toMatchObject({ seen: -1, over: false });
});

it('a session that is over is forgotten once another began that much later that nothing of it can come, and no other is', () => {
  const store = new MemoryStore();
  const offsets = new Offsets(0);
  const over = began(store, START);
  const running = began(store, START);
  for (const session of [over, running]) offsets.note(session, false);
  offsets.note({ ...over, state: 'ENDED' }, true);
  offsets.note(began(store, START + CLOCK_SKEW_MS), false);
  expect(offsets.get(over.id)).toMatchObject({ over: true });
  offsets.note(began(store, START + CLOCK_SKEW_MS + 1), false);
  expect(offsets.get(over.id)).toBeUndefined();
  expect(offsets.get(running.id)).toMatchObject({ over: false });
});
