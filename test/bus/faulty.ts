/** Two servers, and a way between them that can lose, double, shuffle and be away. */
import { onTestFinished, vi } from 'vitest';
import type { Stored } from '../../src/bus/catch-up.ts';
import { SharedBus } from '../../src/bus/index.ts';
import type { Transport, TransportHandlers } from '../../src/bus/transport.ts';
import type { EpisodeEvent, Moment } from '../../src/domain/moment.ts';
import { isLive, type SessionRecord } from '../../src/domain/stream.ts';
import type { MemoryStore } from '../helpers/memory-store.ts';
import { World } from '../subscriptions/world.ts';

export interface WayOptions {
  random?: () => number;
  /** How often a message comes twice, and how many others it may be passed by. */
  twice?: boolean;
  shuffled?: number;
  /** How long a server waits for a message that others have passed by; in milliseconds. */
  waitMs?: number;
  /** How often each says that it is there, and asks the database while something is not carried; in milliseconds. */
  everyMs?: number;
  /** What a server does that is told of new tags. */
  readTags?: () => Promise<void>;
}

interface End {
  handlers: TransportHandlers;
  isUp: boolean;
}

/** What each sends, all hear, itself included, in a later turn of the event loop. */
export class Way {
  readonly options: WayOptions;
  readonly #nodes: End[] = [];
  /** Sent and not given out. */
  #under: Uint8Array[] = [];
  #isScheduled = false;
  /** Loses what is sent. */
  loses = false;
  /** Bytes of a message, at most. */
  takes = Number.POSITIVE_INFINITY;
  sent = 0;

  constructor(options: WayOptions = {}) {
    this.options = options;
  }

  readonly open = (handlers: TransportHandlers): Transport => {
    const node = { handlers, isUp: false };
    this.#nodes.push(node);
    setImmediate(() => this.#set(node, true));
    return {
      get isUp() {
        return node.isUp;
      },
      send: (_, bytes) => this.#send(bytes),
      close: async () => void this.#nodes.splice(this.#nodes.indexOf(node), 1),
    };
  };

  /** For all, or for one of those that were opened. */
  cut(at?: number): void {
    for (const node of this.#chosen(at)) this.#set(node, false);
  }

  mend(at?: number): void {
    for (const node of this.#chosen(at)) this.#set(node, true);
  }

  /** As anybody may who reaches the way. */
  inject(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  #chosen(at: number | undefined) {
    return at === undefined ? this.#nodes : [this.#nodes[at]!];
  }

  #set(node: End, isUp: boolean): void {
    if (node.isUp === isUp) return;
    node.isUp = isUp;
    if (isUp) node.handlers.onUp();
    else node.handlers.onDown();
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length > this.takes) throw new Error('larger than the way takes');
    if (this.loses) return;
    this.sent += 1;
    const { random = Math.random, twice = false, shuffled = 0 } = this.options;
    for (let copies = twice ? 2 : 1; copies > 0; copies--) {
      const back = Math.floor(random() * Math.min(shuffled, this.#under.length + 1));
      this.#under.splice(this.#under.length - back, 0, bytes);
    }
    if (!this.#isScheduled) setImmediate(() => this.#giveOut());
    this.#isScheduled = true;
  }

  /** Some stay for later while others come: they are passed by. */
  #giveOut(): void {
    const { random = Math.random, shuffled = 0 } = this.options;
    const kept = shuffled === 0 ? 0 : Math.floor(random() * Math.min(shuffled, this.#under.length));
    const given = this.#under.splice(0, Math.max(1, this.#under.length - kept));
    for (const bytes of given)
      for (const node of [...this.#nodes]) if (node.isUp) node.handlers.onMessage(bytes);
    this.#isScheduled = this.#under.length > 0;
    if (this.#isScheduled) setImmediate(() => this.#giveOut());
  }
}

/** @param worker of this server @param workers of all */
export function storedIn(store: MemoryStore, worker = '', workers: readonly string[] = []): Stored {
  return {
    now: () => Date.now(),
    erasedSince: async () => [],
    worker: () => worker || null,
    otherWorkers: async () => workers.filter((one) => one !== worker),
    async sessions({ streamIds, sessionIds, since }) {
      await store.beforeRead();
      const isRecent = ({ startedAt, endedAt }: SessionRecord) =>
        startedAt >= since || (endedAt ?? 0) >= since;
      const isOf = (session: SessionRecord) =>
        sessionIds.includes(session.id) ||
        ((streamIds === null || streamIds.includes(session.streamId)) &&
          (isLive(session) || isRecent(session)));
      return [...store.records.values()]
        .filter(isOf)
        .map((session) => ({ session, newest: (store.moments.get(session.id)?.length ?? 0) - 1 }));
    },
    momentFrom: async (sessionId, seq) => (await store.page(sessionId, seq - 1, 1))[0] ?? null,
    positions: async () => (await store.log.writers()).map(({ newest }) => newest),
    goneOf: async (ids) => ids.filter((id) => !store.streams.has(id)),
  };
}

export interface Counts {
  withheld: number;
  unreadable: number;
  caughtUp: number;
  erased: unknown[];
  tagged: (string | null)[];
  log: string[];
}

export interface Node {
  bus: SharedBus;
  counts: Counts;
}

export function openNode(way: Way, store: MemoryStore, worker = '', workers: readonly string[] = []): Node {
  const { waitMs, everyMs = 20, readTags } = way.options;
  const counts: Counts = { withheld: 0, unreadable: 0, caughtUp: 0, erased: [], tagged: [], log: [] };
  const line = (_: object, message: string) => void counts.log.push(message);
  const bus = new SharedBus({
    ...{
      open: way.open,
      stored: storedIn(store, worker, workers),
      everyMs,
      ...(waitMs !== undefined && { waitMs }),
    },
    onErased: (steps) => void counts.erased.push(...steps),
    async onTagged(streamId) {
      counts.tagged.push(streamId);
      await readTags?.();
    },
    metrics: {
      up: () => {},
      sent: () => {},
      received: () => {},
      withheld: () => void counts.withheld++,
      unreadable: () => void counts.unreadable++,
      caughtUp: () => void counts.caughtUp++,
    },
    log: { info: line, warn: line, error: line },
  });
  return { bus, counts };
}

/**
 * Who publishes does so at one server, who subscribes at the other. Both end with the test: until then each tells the other every
 * 20 ms that it is there, and test files share a process.
 */
export function apart(way: Way, store: MemoryStore) {
  const workers = ['here', 'there'];
  const [here, there] = [openNode(way, store, 'here', workers), openNode(way, store, 'there', workers)];
  onTestFinished(async () => {
    await here.bus.close();
    await there.bus.close();
  });
  const bus = {
    moment: (streamId: string, moment: Moment, position: number) =>
      here.bus.publish({ kind: 'moment', streamId, moment, position }),
    status: (streamId: string, session: SessionRecord, sameState = false) =>
      here.bus.publish({ kind: 'status', streamId, session, ...(sameState && { sameState }) }),
    episode: (streamId: string, event: EpisodeEvent, position: number) =>
      here.bus.publish({ kind: 'episode', streamId, event, position }),
    removed: (streamId: string) => here.bus.publish({ kind: 'removed', streamId }),
    get subscribers() {
      return there.bus.subscribers;
    },
  };
  return { bus, feed: there.bus, here, there };
}

/** Their time goes on by itself, from each timer to the next as soon as nothing else is to be done; `pass` lets more of it pass at once. */
export function twoServers(options: WayOptions = {}) {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const;
  vi.useFakeTimers({ toFake: [...toFake] });
  vi.setTimerTickMode('nextTimerAsync');
  onTestFinished(() => void vi.useRealTimers());
  const way = new Way(options);
  let servers!: { here: Node; there: Node };
  const world = new World((store) => {
    const { bus, feed, ...nodes } = apart(way, store);
    servers = nodes;
    return { bus, feed };
  });
  return { way, world, ...servers };
}

/** Lets so many milliseconds of the servers' time pass, and what was sent arrive. */
export async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await new Promise(setImmediate);
}
