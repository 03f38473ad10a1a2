/** Two servers record into one database: a cursor of all streams that was received at one of them is used at the other. */
import { setImmediate } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import { writerOf } from '../../src/domain/log-position.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/moment.ts';
import { encodeCursor } from '../../src/subscriptions/cursor.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { MemoryStore, moment, seeded, tick } from '../helpers/memory-store.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';
import { openTestApi, type TestApi, until } from './harness.ts';

/** `SEEDS=100 npm run test:unit -- two-servers` tries more. */
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 3) }, (_, at) => at + 1);

const FIELDS = {
  frameEmotions: {
    query: 'subscription ($after: String) { frameEmotions(after: $after) { cursor sessionId seq } }',
    beginning: encodeCursor({ kind: 'all', positions: [] }),
  },
  expressionEpisodes: {
    query: `subscription ($after: String) {
      expressionEpisodes(after: $after) { cursor sessionId episode { seq: index } }
    }`,
    beginning: encodeCursor({
      ...{ kind: 'episodes', positions: [0] },
      at: { position: 0, index: 0, kind: 0 },
    }),
  },
};

type Field = keyof typeof FIELDS;
type Item = { cursor: string; sessionId: string; seq?: number; episode?: { seq: number } };

class Server {
  readonly bus = new MemoryBus();
  readonly #store: MemoryStore;
  readonly #writer: number;
  #sessions = 0;
  #session = { id: '', streamId: '' };
  #seq = 0;
  #api: TestApi | undefined;

  constructor(store: MemoryStore, writer: number) {
    this.#store = store;
    this.#writer = writer;
  }

  get url(): string {
    return `${this.#api?.url}/graphql`;
  }

  async open(): Promise<this> {
    const { bus } = this;
    const { repository: streams, sessions, log } = this.#store;
    const parts = { streams, sessions, history: this.#store, log, feed: bus, now: Date.now };
    this.#api = await openTestApi({ subscriptions: createSubscriptions({ ...parts, async *buckets() {} }) });
    this.begin();
    return this;
  }

  /** Another session of its stream. */
  begin(): void {
    const streamId = `stream-${this.#writer}`;
    this.#store.streams.set(streamId, { ...STREAM_RECORD, id: streamId });
    const id = `server-${this.#writer}-${++this.#sessions}`;
    this.#session = this.#store.addSession(streamId, { id, state: 'RUNNING' });
    this.#seq = 0;
  }

  /** Commits and publishes a moment, which tells of an episode's onset. @returns its key */
  async record(writer = this.#writer): Promise<string> {
    const { id, streamId } = this.#session;
    const next = moment(id, this.#seq++);
    const event = onset(id, next.seq);
    // Nothing is awaited between, so that no other server commits under this number.
    this.#store.writer = writer;
    const position = await this.#store.append(next, [event]);
    this.bus.moment(streamId, next, position);
    this.bus.episode(streamId, event, position);
    return `${id}/${next.seq}`;
  }

  /** Commits the end of the session, which takes a position and is no moment. */
  async finish(writer = this.#writer): Promise<void> {
    this.#store.writer = writer;
    await this.#store.finish(this.#session.id, [], {}, null);
    this.begin();
  }

  close = async () => this.#api?.close();
}

function onset(sessionId: string, index: number): EpisodeEvent {
  const times = { onset: index, apex: index, offset: null, startedAt: new Date(index), endedAt: null };
  const episode: Episode = { index, sessionId, track: 1, expression: 'HAPPINESS', peak: 0.9, ...times };
  return { kind: 'ONSET', episode };
}

function subscribe(url: string, field: Field, after?: string) {
  const client = createClient({ url, retryAttempts: 0 });
  const results = client.iterate({
    ...{ query: FIELDS[field].query, variables: after === undefined ? {} : { after } },
  }) as AsyncIterableIterator<{ data: Record<Field, Item>; errors?: unknown }>;
  return {
    async next(): Promise<Item | null> {
      const { value, done } = await results.next();
      if (done) return null;
      expect(value.errors).toBeUndefined();
      return value.data[field];
    },
    leave: async () => void (await results.return?.()),
  };
}

const keyOf = ({ sessionId, seq, episode }: Item) => `${sessionId}/${seq ?? episode?.seq}`;

/** By writer. */
function placesOf({ cursor }: Item, field: Field): Map<number, number> {
  const [, ...numbers] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const positions = numbers.slice(field === 'frameEmotions' ? 0 : 3).map(Number);
  return new Map(positions.map((position) => [writerOf(position), position]));
}

/** Collects what one client gets that goes from server to server, and holds each cursor against the one before. */
function createHopper(field: Field) {
  const keys: string[] = [];
  let after = FIELDS[field].beginning;
  let places = new Map<number, number>();
  return {
    keys,
    /** Until nothing came for a while, or enough did. */
    async visit(url: string, most: number): Promise<void> {
      const subscription = subscribe(url, field, after);
      for (let count = 0; count < most; count++) {
        const item = await Promise.race([subscription.next(), tick(80).then(() => null)]);
        if (item === null) break;
        keys.push(keyOf(item));
        const now = placesOf(item, field);
        for (const [writer, place] of places) expect(now.get(writer) ?? 0).toBeGreaterThanOrEqual(place);
        places = now;
        after = item.cursor;
      }
      await subscription.leave();
    },
  };
}

async function openServers(): Promise<[Server, Server]> {
  const store = new MemoryStore();
  return [await new Server(store, 1).open(), await new Server(store, 2).open()];
}

describe.each(Object.keys(FIELDS) as Field[])('%s', (field) => {
  it.each(SEEDS)(
    'hops between two servers get all, once, by cursors that never go back: %i',
    async (seed) => {
      const random = seeded(seed * 7907);
      const servers = await openServers();
      const others = random() < 0.5 ? servers.map(({ url }) => subscribe(url, field)) : [];
      for (const other of others)
        void (async () => {
          while ((await other.next()) !== null);
        })();
      const recorded: string[] = [];
      let isOver = false;
      const recording = (async () => {
        for (let round = 0; round < 150; round++) {
          const server = servers[random() < 0.5 ? 0 : 1];
          recorded.push(await server.record());
          if (random() < 0.01) await server.finish();
          if (random() < 0.5) await tick(1);
          else await setImmediate();
        }
        isOver = true;
      })();
      const hopper = createHopper(field);
      for (let hop = 0; !isOver || hopper.keys.length < recorded.length; hop++) {
        if (isOver && hop > 200) break;
        await hopper.visit(servers[hop % 2]!.url, 1 + Math.floor(random() * 60));
      }
      await recording;
      expect([...hopper.keys].sort()).toEqual([...recorded].sort());
      await Promise.all(others.map(({ leave }) => leave()));
      await Promise.all(servers.map(({ close }) => close()));
    },
  );

  it('who resumes shares again on another day, whose commits have another number', async () => {
    const [server, other] = await openServers();
    await server.record(1);
    const watching = subscribe(server.url, field);
    await until(() => server.bus.subscribers === 1, 'it listens');
    const first = server.record(1);
    const { cursor } = (await watching.next())!;
    await first;
    await server.finish(1);
    await server.record(3);
    const resumed = subscribe(server.url, field, cursor);
    const keys = [keyOf((await resumed.next())!)];
    await until(
      async () => {
        keys.push(await server.record(3).then(async () => keyOf((await resumed.next())!)));
        return server.bus.subscribers === 1;
      },
      'both share one execution',
      5000,
    );
    expect(new Set(keys).size).toBe(keys.length);
    await Promise.all([watching.leave(), resumed.leave()]);
    await Promise.all([server.close(), other.close()]);
  });
});
