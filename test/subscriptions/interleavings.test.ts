/** Whatever the order in which writers, readers and the store take turns: no gap, no duplicate. */
import { describe, expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { seeded, tick } from '../helpers/memory-store.ts';
import { EACH_BUS } from './buses.ts';
import { range, World } from './world.ts';

/** Waits a random number of turns of the event loop, mostly none. */
function loiterer(random: () => number) {
  return async () => {
    for (let turns = Math.floor(random() ** 3 * 4); turns > 0; turns--) await new Promise(setImmediate);
  };
}

/** Moments per session as they were sent, `skipped` in all. */
class Received {
  readonly seqs = new Map<string, number[]>();
  skipped = 0;
  cursor: string | undefined;

  add({ moment, cursor, skippedBefore }: SentMoment): void {
    this.seqs.set(moment.sessionId, [...(this.seqs.get(moment.sessionId) ?? []), moment.seq]);
    this.skipped += skippedBefore;
    this.cursor = cursor;
  }
}

describe.each(EACH_BUS)('$name, interleaving $seed', ({ seed, open }) => {
  it('a client that comes and goes reads all of one session, without a duplicate', async () => {
    const random = seeded(seed);
    const loiter = loiterer(random);
    const world = new World(open);
    world.store.beforeRead = loiter;
    world.capacity = 1 + Math.floor(random() * 6);
    const session = world.begin(await world.stream());
    const total = 40 + Math.floor(random() * 400);
    const writing = write(world, session, total, loiter).then(() => world.end(session));
    const received = new Received();
    received.cursor = momentCursor(session.id, -1);
    await comeAndGo(world, { sessionId: session.id }, received, random, () => false);
    await writing;
    // Once live, a full queue loses moments, and says so; those it did send are in order and sent once.
    const sent = received.seqs.get(session.id) ?? [];
    expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
    expect(sent.length + received.skipped).toBe(total);
  });

  it('whatever the bus loses and brings twice, each moment is sent once and in order, or told as skipped', async () => {
    const random = seeded(seed * 104_729);
    const loiter = loiterer(random);
    const world = new World(open);
    world.store.beforeRead = loiter;
    world.capacity = 1 + Math.floor(random() * 6);
    const session = world.begin(await world.stream());
    const moments = await world.open({ sessionId: session.id });
    const total = 40 + Math.floor(random() * 200);
    const writing = (async () => {
      for (let seq = 0; seq < total; seq++) {
        if (random() < 0.2) await world.commitUnheard(session, 1);
        else await world.commit(session);
        const stored = world.store.moments.get(session.id)!;
        if (random() < 0.2)
          world.bus.moment(session.streamId, stored[Math.floor(random() * stored.length)]!, 0);
        await loiter();
      }
      await world.end(session);
    })();
    const received = new Received();
    for (let next = await moments.next(); !next.done; next = await moments.next()) {
      received.add(next.value);
      if (random() < 0.1) await tick();
    }
    await writing;
    const sent = received.seqs.get(session.id) ?? [];
    expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
    expect(sent.length + received.skipped + (total - 1 - (sent.at(-1) ?? -1))).toBe(total);
    // The end of a session is read from the store, whatever the bus lost.
    expect(sent.at(-1)).toBe(total - 1);
  });

  it('also where erasures let go of what waits: each moment is sent once and in order, or told as skipped, and the end comes', async () => {
    const random = seeded(seed * 15_485_863);
    const loiter = loiterer(random);
    const world = new World(open);
    world.store.beforeRead = loiter;
    world.capacity = 1 + Math.floor(random() * 5);
    const session = world.begin(await world.stream());
    const moments = await world.open({ sessionId: session.id });
    const total = 10 + Math.floor(random() * 60);
    const bringAgain = () => {
      const stored = world.store.moments.get(session.id)!;
      for (let times = Math.floor(random() * 8); times > 0; times--)
        world.bus.moment(session.streamId, stored[Math.floor(random() * stored.length)]!, 0);
    };
    const letGo = () => world.feed.forget(({ kind }) => kind === 'moment');
    const writing = (async () => {
      for (let seq = 0; seq < total; seq++) {
        await (random() < 0.3 ? world.commitUnheard(session, 1) : world.commit(session));
        if (random() < 0.2) bringAgain();
        if (random() < 0.1) letGo();
        await loiter();
      }
      await world.end(session);
      bringAgain();
      bringAgain();
      letGo();
    })();
    const received = new Received();
    for (let next = await moments.next(); !next.done; next = await moments.next()) {
      received.add(next.value);
      if (random() < 0.4) await loiter();
    }
    await writing;
    const sent = received.seqs.get(session.id) ?? [];
    expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
    expect(sent.length + received.skipped + (total - 1 - (sent.at(-1) ?? -1))).toBe(total);
    expect(sent.at(-1)).toBe(total - 1);
  });

  it('a client that comes and goes reads all of all streams, whose sessions come and go too', async () => {
    const random = seeded(seed * 7919);
    const loiter = loiterer(random);
    const world = new World(open);
    world.store.beforeRead = loiter;
    world.capacity = 10_000;
    const totals = new Map<string, number>();
    const streams = await Promise.all(range(0, 3).map(() => world.stream()));
    const received = new Received();
    const first = world.open({});
    const opened = await first;
    const writing = Promise.all(streams.map((id) => sessionsOf(world, id, random, loiter, totals)));
    const over = { value: false };
    void writing.then(() => {
      over.value = true;
    });
    received.add((await opened.next()).value as SentMoment);
    await opened.return?.();
    const complete = () =>
      over.value && [...totals].every(([id, total]) => received.seqs.get(id)?.length === total);
    await comeAndGo(world, {}, received, random, complete);
    await writing;
    for (const [id, total] of totals) expect(received.seqs.get(id)).toEqual(range(0, total));
    expect(received.skipped).toBe(0);
  });
});

async function write(world: World, session: SessionRecord, total: number, loiter: () => Promise<void>) {
  for (let index = 0; index < total; index++) {
    await world.commit(session);
    await loiter();
  }
}

async function sessionsOf(
  world: World,
  streamId: string,
  random: () => number,
  loiter: () => Promise<void>,
  totals: Map<string, number>,
) {
  for (let index = 0; index < 3; index++) {
    const session = world.begin(streamId);
    const total = 1 + Math.floor(random() * 60);
    await write(world, session, total, loiter);
    totals.set(session.id, total);
    await world.end(session);
  }
}

/** Subscribes, reads a random number of moments, leaves, and resumes; until the subscription finishes or `done`. */
async function comeAndGo(
  world: World,
  scope: object,
  received: Received,
  random: () => number,
  done: () => boolean,
): Promise<void> {
  while (!done()) {
    const moments = await world.open({ ...scope, after: received.cursor });
    for (let left = 1 + Math.floor(random() * 80); left > 0 && !done(); left--) {
      const next = await Promise.race([moments.next(), tick(50).then(() => null)]);
      if (next === null) break;
      if (next.done) return;
      received.add(next.value);
      if (random() < 0.1) await tick();
    }
    await moments.return?.();
  }
}
