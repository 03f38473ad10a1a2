/** What all sessions recorded, in the order of its commits. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import { beginningOf, writerOf } from '../../src/domain/log-position.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createSession, createStore, type TestStore } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore({ commitMax: 4 });
});
afterAll(() => db.dispose());

async function readAll(store: Store, from: number, limit = 7) {
  const all: Awaited<ReturnType<Store['log']['behind']>> = [];
  for (let page = await store.log.behind(from, limit); page.length > 0; ) {
    all.push(...page);
    page = await store.log.behind(page.at(-1)!.position, limit);
  }
  return all;
}

const newestOf = async (store: Store) => (await store.log.writers()).at(-1)?.newest ?? 0;

it('moments of many sessions are read back page by page, as they were appended and in that order', async () => {
  const { store } = db;
  const random = seeded(3);
  const sessions = await Promise.all(Array.from({ length: 5 }, () => db.session()));
  const counts = sessions.map(() => 0);
  const appended = Array.from({ length: 100 }, () => {
    const at = Math.floor(random() * sessions.length);
    const { id, streamId } = sessions[at]!;
    const moment = makeMoment(id, counts[at]!++, { faces: Math.floor(random() * 3) });
    return store.moments
      .append(moment, [])
      .then((position) => ({ streamId, position, moment: quantise(moment) }));
  });
  const expected = await Promise.all(appended);
  expect(await readAll(store, beginningOf(writerOf(expected[0]!.position)))).toEqual(expected);
  expect(await readAll(store, expected[41]!.position, 3)).toEqual(expected.slice(42));
  expect(await newestOf(store)).toBe(expected.at(-1)!.position);
});

it('episodes are told by the commits of their onset, newest apex and offset, in the order of a frame', async () => {
  const { store } = db;
  const [{ id, streamId }, other] = [await db.session(), await db.session()];
  const episode = (sessionId: string, index: number, more: Partial<Episode> = {}): Episode => ({
    ...{ sessionId, index, track: 1, expression: 'FEAR', onset: 1, apex: 1, offset: null, peak: 0.5 },
    ...{ startedAt: new Date(1_000), endedAt: null, ...more },
  });
  const at: number[] = [];
  const append = async (sessionId: string, seq: number, events: EpisodeEvent[]) => {
    at.push(await store.moments.append(makeMoment(sessionId, seq), events));
  };
  const over = { offset: 3, endedAt: new Date(3_000) };
  await append(
    id,
    0,
    [1, 0].map((index) => ({ kind: 'ONSET', episode: episode(id, index) })),
  );
  await append(other.id, 0, [{ kind: 'ONSET', episode: episode(other.id, 0) }]);
  await append(id, 1, [{ kind: 'APEX', episode: episode(id, 0, { apex: 2 }) }]);
  await append(id, 2, [{ kind: 'APEX', episode: episode(id, 0, { apex: 3 }) }]);
  at.push(
    await store.moments.finish(id, [{ kind: 'OFFSET', episode: episode(id, 0, { apex: 3, ...over }) }], {}),
  );
  const last = episode(id, 0, { apex: 3, ...over });
  const events = [
    { streamId, position: at[0], event: { kind: 'ONSET', episode: last } },
    { streamId, position: at[0], event: { kind: 'ONSET', episode: episode(id, 1) } },
    { streamId: other.streamId, position: at[1], event: { kind: 'ONSET', episode: episode(other.id, 0) } },
    { streamId, position: at[3], event: { kind: 'APEX', episode: last } },
    { streamId, position: at[4], event: { kind: 'OFFSET', episode: last } },
  ];
  const place = { position: at[0]! - 1, index: 9, kind: 3 };
  const { log } = store;
  expect(await log.episodesBehind(place, {}, 10)).toEqual(events);
  expect(await log.episodesBehind(place, {}, 2)).toEqual(events.slice(0, 2));
  expect(await log.episodesBehind({ position: at[0]!, index: 0, kind: 0 }, {}, 10)).toEqual(events.slice(1));
  const mine = events.filter((event) => event.streamId === streamId);
  expect(await log.episodesBehind(place, { sessionId: id }, 10)).toEqual(mine);
  expect(await log.episodesBehind(place, { streamId }, 10)).toEqual(mine);
  expect(await newestOf(store)).toBe(at[4]);
});

it('every store that is opened writes under a number of its own, and what was deleted by retention is told', async () => {
  const first = await createStore();
  try {
    const start = Date.now() - 3 * 86_400_000;
    const { id, streamId } = await createSession(first.store);
    const old = await first.store.moments.append(makeMoment(id, 0, { start }), []);
    await first.store.close();
    first.store = await openStore({ rollUp, ...first.config });
    const again = await createSession(first.store);
    const later = await first.store.moments.append(makeMoment(again.id, 0, { start: Date.now() }), []);
    expect(writerOf(later)).toBeGreaterThan(writerOf(old));
    await first.store.expire(24);
    expect(await first.store.log.writers()).toEqual([
      { id: writerOf(old), newest: old },
      { id: writerOf(later), newest: later },
    ]);
    expect(await first.store.log.expired()).toEqual([{ streamId, position: old }]);
    const kept = await readAll(first.store, beginningOf(writerOf(later)));
    expect(kept.map(({ position }) => position)).toEqual([later]);
  } finally {
    await first.dispose();
  }
});

it('retention notes what it deletes of each stream: row by row, with a session that ended, and with a day', async () => {
  const first = await createStore();
  try {
    const { store } = first;
    const now = Date.UTC(2026, 10, 24, 12);
    const hours = (count: number) => now - count * 3_600_000;
    const record = async (start: number) => {
      const session = await createSession(store);
      const positions = [];
      for (const seq of [0, 1, 2])
        positions.push(await store.moments.append(makeMoment(session.id, seq, { start: start + seq }), []));
      return { ...session, positions };
    };
    const [trimmed, ended, kept, dropped] = [
      await record(hours(3)),
      await record(hours(30)),
      await record(hours(1)),
      await record(hours(80)),
    ];
    for (const { id } of [ended, dropped]) await store.sessions.setState(id, 'ENDED');
    for (const [{ streamId }, retention] of [
      [trimmed, 2],
      [ended, 2],
      [kept, 48],
      [dropped, 48],
    ] as const)
      await store.streams.update(streamId, { retention });
    await store.expire(null, { now });
    const told = new Map((await store.log.expired()).map((one) => [one.streamId, one.position]));
    expect(told).toEqual(
      new Map([trimmed, ended, dropped].map(({ streamId, positions }) => [streamId, positions[2]])),
    );
    expect(await store.log.expired(ended.streamId)).toEqual([
      { streamId: ended.streamId, position: ended.positions[2] },
    ]);
    expect(await store.log.expired(kept.streamId)).toEqual([]);
    await store.streams.remove(ended.streamId);
    expect(await store.log.expired(ended.streamId)).toEqual([]);
  } finally {
    await first.dispose();
  }
});

it('of 40 writers that write at the same time, nothing is lost: a cursor that cannot tell of one that went on is refused', async () => {
  const first = await createStore();
  try {
    const { store } = first;
    const bus = new MemoryBus();
    const live = createSubscriptions({
      ...{ streams: store.streams, sessions: store.sessions, history: store.moments, log: store.log },
      ...{ feed: bus, buckets: async function* () {}, now: Date.now },
    });
    const { id, streamId } = await createSession(store);
    const record = async (seq: number) => {
      const moment = makeMoment(id, seq);
      bus.moment(streamId, moment, await store.moments.append(moment, []));
    };
    await record(0);
    for (let count = 0; count < 39; count++) {
      const { id: writer } = await store.prisma.writer.create({ data: {} });
      const data = { newest: beginningOf(writer) + 1 };
      await store.prisma.writer.update({ where: { id: writer }, data });
    }
    const moments = await live.moments({});
    await record(1);
    const { cursor } = (await moments.next()).value!;
    await moments.return?.();
    // Nothing was written since.
    await (await live.moments({ after: cursor })).return?.();
    await record(2);
    await expect(live.moments({ after: cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    const episodes = await live.cursorOfNow('episodes', {});
    await (await live.episodes({ after: episodes })).return?.();
    await record(3);
    await expect(live.episodes({ after: episodes })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  } finally {
    await first.dispose();
  }
});
