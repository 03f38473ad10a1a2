/** `every` and `filter`: whoever comes and goes is sent exactly what one who stayed is sent, and that is the first moment of each stretch. */
import { describe, expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { stretchOf } from '../../src/domain/thinning.ts';
import { type MomentsRequest, momentCursor } from '../../src/subscriptions/index.ts';
import { MomentThinner } from '../../src/subscriptions/moment-thinner.ts';
import { MemoryStore, moment, seeded } from '../helpers/memory-store.ts';
import { makeFace } from '../helpers/moments.ts';
import { range, rounds, seqs, take, World } from './world.ts';

/** `SEEDS=100 npm run test:unit -- every` tries more. */
const SEEDS = range(1, 1 + Number(process.env.SEEDS ?? 6));

const FACE = makeFace(1, seeded(1));
const faces = (random: () => number) =>
  range(0, Math.floor(random() * 3)).map((at) => ({
    ...FACE,
    ...{ track: at + 1, confidence: Math.round(random() * 1000) / 1000 },
  }));

const idOf = ({ sessionId, seq, faces }: Moment) =>
  `${sessionId} ${seq} ${faces.map(({ track }) => track).join()}`;

/** The first of each stretch that matches, by a plain look at all that is stored. */
function expectedOf(stored: readonly Moment[], every: number, least: number): string[] {
  const taken = new Set<number>();
  return stored.flatMap((one) => {
    const matching = one.faces.filter(({ confidence }) => confidence >= least);
    const stretch = stretchOf(one.mediaTime, every);
    if (matching.length === 0 || taken.has(stretch)) return [];
    taken.add(stretch);
    return [idOf({ ...one, faces: matching })];
  });
}

describe.each(SEEDS)('interleaving %i', (seed) => {
  it.each(['session', 'stream', 'all'] as const)('a client that comes and goes, of one %s', async (of) => {
    const random = seeded(seed * 49_157);
    const world = new World();
    world.capacity = 100_000;
    world.remembered = 1 + Math.floor(random() * 3);
    world.store.beforeRead = async () => {
      if (random() < 0.2) await new Promise(setImmediate);
    };
    const every = Math.ceil(random() ** 3 * 300_000);
    const minConfidence = random();
    const options = { every, filter: { minConfidence } };
    const sessions = [world.begin(await world.stream())];
    if (of === 'all') for (let more = 0; more < 4; more++) sessions.push(world.begin(await world.stream()));
    const write = async (count: number) => {
      for (let left = count; left > 0; left--) {
        const session = sessions[Math.floor(random() * sessions.length)]!;
        await world.commit(session, 1, { faces: faces(random) });
        if (random() < 0.1) await new Promise(setImmediate);
      }
    };
    await write(Math.floor(random() * 200));
    const [{ id: sessionId, streamId }] = [sessions[0]!];
    const scope: MomentsRequest = { session: { sessionId }, stream: { streamId }, all: {} }[of];
    const subscriptions = world.subscriptions();
    const before = new Map(sessions.map(({ id }) => [id, world.store.moments.get(id)?.length ?? 0]));
    let cursor = await subscriptions.cursorOfNow('moments', scope);
    const stayed = await world.open({ ...scope, ...options });
    let wanted = null as string[] | null;
    const writing = write(1500).then(() => {
      wanted = sessions.flatMap(({ id }) =>
        expectedOf(world.store.moments.get(id) ?? [], every, minConfidence).filter(
          (key) => Number(key.split(' ')[1]) >= before.get(id)!,
        ),
      );
    });
    const received: SentMoment[] = [];
    let patience = 8;
    while (wanted === null || received.length < wanted.length) {
      const came = await world.open({ ...scope, ...options, after: cursor });
      const late = rounds(patience);
      const had = received.length;
      for (let left = 1 + Math.floor(random() * 8); left > 0; left--) {
        const step = await Promise.race([came.next(), late]);
        if (step === null || step.done) break;
        received.push(step.value);
        cursor = step.value.cursor;
      }
      await came.return?.();
      // Reading behind its cursor may take more rounds than that.
      patience = received.length > had ? 8 : 2 * patience;
    }
    await writing;
    const sort = (sent: SentMoment[]) => sent.map((one) => idOf(one.moment)).sort();
    const all = wanted.sort();
    expect(sort(received)).toEqual(all);
    expect(sort(await take(stayed, received.length))).toEqual(all);
    await stayed.return?.();
    expect([...new Set(received.map(({ skippedBefore }) => skippedBefore))]).toEqual(
      received.length === 0 ? [] : [0],
    );
  });
});

it('a stretch of many moments is one, wherever a subscriber to all streams resumes', async () => {
  const world = new World();
  const [one, other] = [world.begin(await world.stream()), world.begin(await world.stream())];
  const matching = { faces: [{ ...makeFace(1, seeded(1)), confidence: 0.9 }] };
  const request = { every: 1_000_000, filter: { minConfidence: 0.5 } };
  const first = await world.open(request);
  await world.commit(one, 1, matching);
  await take(first, 1);
  await world.commit(one, 1000);
  await world.commit(other, 1, matching);
  const [{ cursor }] = [(await take(first, 1))[0]!];
  await first.return?.();
  const again = await world.open({ ...request, after: cursor });
  const late = world.begin(await world.stream());
  await world.commit(one, 1, matching);
  await world.commit(late, 1, matching);
  expect((await take(again, 1))[0]!.moment.sessionId).toBe(late.id);
  await again.return?.();
});

it('who was too slow is not sent another moment of a stretch that it has one of', async () => {
  const world = new World();
  const [one, other] = [world.begin(await world.stream()), world.begin(await world.stream())];
  const first = await world.open({ every: 1_000_000 });
  await world.commit(one);
  const [{ cursor }] = [(await take(first, 1))[0]!];
  await first.return?.();
  const again = await world.open({ every: 1_000_000, after: cursor });
  const next = again.next();
  for (let turns = 0; turns < 9; turns++) await new Promise(setImmediate);
  await world.commit(other);
  await next;
  await world.commit(one, 2 * world.capacity, { dropped: { busy: 1 } });
  expect(again.lost()).toBe(world.capacity);
  const late = world.begin(await world.stream());
  await world.commit(late);
  expect((await take(again, 1))[0]!.moment.sessionId).toBe(late.id);
  await again.return?.();
});

it('who begins in the middle of a stretch waits for the next one, as whoever asks the same', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 5);
  const scopes = [{}, { streamId: session.streamId }, { sessionId: session.id }];
  const opened = await Promise.all(scopes.map((scope) => world.open({ ...scope, every: 1000 })));
  await world.commit(session, 8);
  for (const moments of opened) {
    expect(seqs(await take(moments, 1))).toEqual([10]);
    await moments.return?.();
  }
});

it('of a subscription to a session, a cursor that names a moment the filter leaves out takes no stretch', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const random = seeded(1);
  for (const confidence of [0.1, 0.1, 0.9])
    await world.commit(session, 1, { faces: [{ ...makeFace(1, random), confidence }] });
  const filter = { minConfidence: 0.5 };
  const request = { sessionId: session.id, every: 1000, filter };
  const moments = await world.open({ ...request, after: momentCursor(session.id, 1) });
  expect(seqs(await take(moments, 1))).toEqual([2]);
  await moments.return?.();
});

it('where what came before a cursor was deleted, the first moment behind it takes its stretch', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 5);
  world.store.moments.set(session.id, world.store.moments.get(session.id)!.slice(3));
  const after = momentCursor(session.id, 2);
  const moments = await world.open({ sessionId: session.id, every: 1000, after });
  expect(seqs(await take(moments, 1))).toEqual([3]);
  await moments.return?.();
});

it('what takes its stretch is looked for only where there are stretches, and something before', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 5);
  let searches = 0;
  const { search } = world.store;
  world.store.search = (...asked) => {
    searches += 1;
    return search.apply(world.store, asked);
  };
  for (const [seq, every] of [
    [3, undefined],
    [-1, 100],
  ] as const) {
    const after = momentCursor(session.id, seq);
    await (await world.open({ sessionId: session.id, every, after })).return?.();
  }
  expect(searches).toBe(0);
});

it('of sessions without dropped frames a filter remembers nothing, and of one that is over nothing is', async () => {
  const thinner = new MomentThinner(new MemoryStore(), { filter: { track: 1 } });
  for (const seq of range(0, 3)) await thinner.pass(moment('quiet', seq));
  expect(thinner.size).toBe(0);
  await thinner.pass(moment('busy', 0, { dropped: { busy: 1 } }));
  thinner.addDropped('lost', { busy: 2 });
  thinner.addDropped('quiet', {});
  expect(thinner.size).toBe(2);
  thinner.forget('busy');
  expect(thinner.size).toBe(1);
});

it('what is remembered of sessions does not grow with how many there were, and nothing is where nothing is left out', async () => {
  const store = new MemoryStore();
  const streamId = (await store.repository.create({} as never)).id;
  const all = new MomentThinner(store, {});
  const filtered = new MomentThinner(store, { filter: { track: 1 } });
  const thinned = new MomentThinner(store, { every: 300 });
  let most = 0;
  for (let count = 0; count < 1100; count++) {
    const { id } = store.addSession(streamId);
    for (const seq of range(0, 4)) {
      const next = moment(id, seq, { dropped: seq === 2 ? { busy: 1 } : {} });
      await store.append(next);
      for (const one of [all, filtered, thinned]) await one.pass(next);
      most = Math.max(most, filtered.size, thinned.size);
      expect(all.size).toBe(0);
    }
  }
  expect(most).toBe(1000);
});
