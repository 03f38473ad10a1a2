/** Events of episodes, resumed as moments are. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SentEpisode } from '../../src/domain/live-event.ts';
import { compareEpisodeEvents, type Episode, type EpisodeEvent } from '../../src/domain/moment.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { moment, seeded } from '../helpers/memory-store.ts';
import { EACH_BUS } from './buses.ts';
import { range, rounds, World } from './world.ts';

const episodeOf = (sessionId: string, index: number): Episode => ({
  ...{ sessionId, index, track: 1, expression: 'FEAR', onset: index, apex: index, offset: null, peak: 0.5 },
  ...{ startedAt: new Date(0), endedAt: null },
});

/** Commits a moment that tells of these events, then publishes them, as a session does. */
async function tell(world: World, session: SessionRecord, events: EpisodeEvent[]): Promise<void> {
  const next = moment(session.id, world.store.moments.get(session.id)?.length ?? 0);
  const position = await world.store.append(next, events);
  world.bus.moment(session.streamId, next, position);
  for (const event of events) world.bus.episode(session.streamId, event, position);
}

/** Makes up what becomes of episodes: at most three at a time, one event of each a frame, in the order of a frame. */
class Script {
  readonly told: EpisodeEvent[] = [];
  readonly #random: () => number;
  readonly #sessionId: string;
  readonly #open = new Map<number, Episode>();
  #next = 0;

  constructor(sessionId: string, random: () => number) {
    this.#sessionId = sessionId;
    this.#random = random;
  }

  frame(isLast = false): EpisodeEvent[] {
    const events: EpisodeEvent[] = [];
    for (const [index, episode] of this.#open) {
      const what = this.#random();
      if (isLast || what < 0.2) {
        this.#open.delete(index);
        events.push({ kind: 'OFFSET', episode: { ...episode, offset: index + 10 } });
      } else if (what < 0.5) {
        const higher = { ...episode, apex: episode.apex + 0.1, peak: episode.peak + 0.001 };
        this.#open.set(index, higher);
        events.push({ kind: 'APEX', episode: higher });
      }
    }
    if (!isLast && this.#open.size < 3 && this.#random() < 0.4) {
      const episode = episodeOf(this.#sessionId, this.#next++);
      this.#open.set(episode.index, episode);
      events.push({ kind: 'ONSET', episode });
    }
    events.sort(compareEpisodeEvents);
    this.told.push(...events);
    return events;
  }
}

async function take(events: AsyncIterator<SentEpisode>, count: number): Promise<SentEpisode[]> {
  const taken: SentEpisode[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const keyOf = ({ kind, episode }: EpisodeEvent) => `${episode.sessionId} ${episode.index} ${kind}`;

describe.each(EACH_BUS)('$name, interleaving $seed', ({ seed, open }) => {
  it.each(['session', 'stream', 'all'] as const)(
    'a client that comes and goes hears once of each onset, offset and last apex, of one %s',
    async (scope) => {
      const random = seeded(seed * 15_485_863);
      const world = new World(open);
      world.store.beforeRead = async () => {
        if (random() < 0.3) await new Promise(setImmediate);
      };
      const mine = world.begin(await world.stream());
      const other = world.begin(await world.stream());
      const of = { session: { sessionId: mine.id }, stream: { streamId: mine.streamId }, all: {} }[scope];
      const scripts = new Map([mine, other].map((one) => [one, new Script(one.id, random)]));
      const opened = await world.subscriptions().episodes(of);
      await tell(world, mine, [{ kind: 'ONSET', episode: episodeOf(mine.id, 1000) }]);
      const received = await take(opened, 1);
      await opened.return?.();
      const writing = (async () => {
        for (const [session, script] of Array.from({ length: 60 }, () => [...scripts]).flat()) {
          await tell(world, session, script.frame());
          if (random() < 0.3) await new Promise(setImmediate);
        }
        for (const [session, script] of scripts) {
          await tell(world, session, script.frame(true));
          await world.end(session);
        }
      })();
      const hasAll = () => {
        const heard = new Set(received.map(({ event }) => keyOf(event)));
        return wanted().every((key) => heard.has(key));
      };
      const wanted = () =>
        [...scripts]
          .filter(([session]) => scope === 'all' || session === mine)
          .flatMap(([, script]) => script.told.map(keyOf));
      let isOver = false;
      void writing.then(() => {
        isOver = true;
      });
      let patience = 8;
      while (!isOver || !hasAll()) {
        const events = await world.subscriptions().episodes({ ...of, after: received.at(-1)!.cursor });
        const some = 1 + Math.floor(random() * 6);
        const late = rounds(patience);
        const had = received.length;
        for (let left = some; left > 0; left--) {
          const step = await Promise.race([events.next(), late]);
          if (step === null || step.done) break;
          received.push(step.value);
        }
        await events.return?.();
        // Reading behind its cursor may take more rounds than that.
        patience = received.length > had ? 8 : 2 * patience;
      }
      const sent = received.slice(1).map(({ event }) => event);
      expect(received.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
      for (const kind of ['ONSET', 'OFFSET']) {
        const of = sent.filter((event) => event.kind === kind).map(keyOf);
        expect(of.sort()).toEqual(
          wanted()
            .filter((key) => key.endsWith(kind))
            .sort(),
        );
      }
      const apexes = sent.filter(({ kind }) => kind === 'APEX');
      for (const key of new Set(apexes.map(keyOf))) {
        const told = apexes.filter((one) => keyOf(one) === key);
        const all = [...scripts.values()].flatMap((script) =>
          script.told.filter((one) => keyOf(one) === key),
        );
        const peaks = told.map(({ episode }) => episode.peak);
        expect(peaks).toEqual([...new Set(peaks)].sort((a, b) => a - b));
        expect(peaks.at(-1)).toBe(all.at(-1)!.episode.peak);
      }
      expect(received.every(({ cursor }) => cursor.length < 200)).toBe(true);
    },
  );
});

it('the events of one frame are resumed between', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const opened = await world.subscriptions().episodes({});
  const events = range(0, 5).map(
    (index): EpisodeEvent => ({ kind: 'ONSET', episode: episodeOf(session.id, index) }),
  );
  await tell(world, session, events);
  const sent = await take(opened, 5);
  for (const [at, { cursor }] of sent.entries()) {
    await tell(world, session, [
      { kind: 'OFFSET', episode: { ...episodeOf(session.id, at + 100), offset: 1 } },
    ]);
    const again = await world.subscriptions().episodes({ after: cursor });
    const rest = await take(again, 5 - at);
    expect(rest.slice(0, 4 - at).map(({ event }) => event)).toEqual(events.slice(at + 1));
    await again.return?.();
  }
  await opened.return?.();
});

it('of a session that is over a client that resumes gets the rest, and then the end', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const opened = await world.subscriptions().episodes({ sessionId: session.id });
  await tell(world, session, [{ kind: 'ONSET', episode: episodeOf(session.id, 0) }]);
  const [onset] = await take(opened, 1);
  await opened.return?.();
  const offset = { ...episodeOf(session.id, 0), offset: 3 };
  await world.store.finish(session.id, [{ kind: 'OFFSET', episode: offset }], {}, null);
  await world.end(session);
  const rest = await take(
    await world.subscriptions().episodes({ sessionId: session.id, after: onset!.cursor }),
    10,
  );
  expect(rest.map(({ event }) => event)).toEqual([{ kind: 'OFFSET', episode: offset }]);
  expect(await take(await world.subscriptions().episodes({ sessionId: session.id }), 10)).toEqual([]);
});

it('whoever is limited to some streams hears of their episodes alone, also after resuming', async () => {
  const world = new World();
  const LAB = { site: 'lab' };
  const [mine, hidden] = [world.begin(await world.stream(LAB)), world.begin(await world.stream())];
  const opened = await world.subscriptions().episodes({ tags: LAB });
  await tell(world, hidden, [{ kind: 'ONSET', episode: episodeOf(hidden.id, 0) }]);
  await tell(world, mine, [{ kind: 'ONSET', episode: episodeOf(mine.id, 0) }]);
  const [first] = await take(opened, 1);
  await opened.return?.();
  expect(first!.event.episode.sessionId).toBe(mine.id);
  for (const index of range(1, 300))
    await tell(world, hidden, [{ kind: 'ONSET', episode: episodeOf(hidden.id, index) }]);
  await tell(world, mine, [{ kind: 'ONSET', episode: episodeOf(mine.id, 1) }]);
  const again = await world.subscriptions().episodes({ tags: LAB, after: first!.cursor });
  onTestFinished(() => void again.return?.());
  expect((await take(again, 1))[0]!.event.episode).toMatchObject({ sessionId: mine.id, index: 1 });
});

it('a cursor of moments is refused', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 2);
  const moments = await world.open({});
  await world.commit(session, 1);
  const { cursor } = (await moments.next()).value!;
  await moments.return?.();
  await expect(world.subscriptions().episodes({ after: cursor })).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
  });
  expect(world.bus.subscribers).toBe(0);
});

it('a cursor expires by what retention deleted of what is asked for, and by nothing else', async () => {
  const world = new World();
  const [mine, other] = [world.begin(await world.stream()), world.begin(await world.stream())];
  await world.commit(mine);
  const subscriptions = world.subscriptions();
  const after = await subscriptions.cursorOfNow('episodes', {});
  for (const session of [mine, other]) await world.commit(session, 2);
  const opens = async (scope: object) => {
    const events = await subscriptions.episodes({ ...scope, after });
    await events.return?.();
  };
  const expired = { code: 'CURSOR_EXPIRED' };
  world.store.expired.set(other.streamId, world.store.newest);
  await opens({ streamId: mine.streamId });
  await opens({ sessionId: mine.id });
  await expect(opens({})).rejects.toMatchObject(expired);
  await expect(opens({ streamId: other.streamId })).rejects.toMatchObject(expired);
  const next = world.begin(other.streamId);
  await world.commit(next);
  // Of this session nothing was deleted, whatever was of those before it.
  await opens({ sessionId: next.id });
});
