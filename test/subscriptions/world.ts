import { type Bus, MemoryBus } from '../../src/bus/index.ts';
import type { Tags } from '../../src/domain/access.ts';
import type { SentMoment } from '../../src/domain/live-event.ts';
import type { SessionRecord, SessionState } from '../../src/domain/stream.ts';
import {
  createSubscriptions,
  type MomentsRequest,
  type Subscriptions,
} from '../../src/subscriptions/index.ts';
import { MemoryStore, moment } from '../helpers/memory-store.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { bucketsOf } from './buckets.ts';

/** What tests tell the bus of one server, and ask it. */
export type LocalBus = Pick<MemoryBus, 'moment' | 'status' | 'episode' | 'removed' | 'subscribers'>;

export type OpenBus = (store: MemoryStore) => { bus: LocalBus; feed: Bus };

function alone() {
  const bus = new MemoryBus();
  return { bus, feed: bus };
}

/** A store and a bus as a worker uses them: committed, then published. */
export class World {
  readonly store = new MemoryStore();
  /** Where it is published. */
  readonly bus: LocalBus;
  /** Where one subscribes: on the same server, or on another. */
  readonly feed: Bus;
  capacity = 8;
  /** Sessions that a subscriber to all streams remembers. */
  remembered = 1000;
  /** Milliseconds since the epoch. */
  now = 0;

  constructor(open: OpenBus = alone) {
    const { bus, feed } = open(this.store);
    this.bus = bus;
    this.feed = feed;
  }

  async stream(tags: Tags = {}): Promise<string> {
    return (await this.store.repository.create({ ...SETTINGS, tags })).id;
  }

  begin(streamId: string, startedAt?: Date): SessionRecord {
    const session = this.store.addSession(streamId, startedAt && { startedAt });
    this.bus.status(streamId, session);
    return session;
  }

  async commit(session: SessionRecord, count = 1, more = {}): Promise<void> {
    for (let index = 0; index < count; index++) {
      const next = moment(session.id, this.store.moments.get(session.id)?.length ?? 0, more);
      this.bus.moment(session.streamId, next, await this.store.append(next));
    }
  }

  /** Committed, and lost by the bus. */
  async commitUnheard(session: SessionRecord, count: number): Promise<void> {
    for (let index = 0; index < count; index++)
      await this.store.append(moment(session.id, this.store.moments.get(session.id)?.length ?? 0));
  }

  async end(session: SessionRecord, state: SessionState = 'ENDED'): Promise<void> {
    this.bus.status(session.streamId, await this.store.sessions.setState(session.id, state));
  }

  open(request: MomentsRequest, signal?: AbortSignal) {
    return this.subscriptions().moments(request, signal);
  }

  subscriptions(): Subscriptions {
    const { store, feed, capacity, remembered } = this;
    return createSubscriptions({
      sessions: store.sessions,
      streams: store.repository,
      history: store,
      log: store.log,
      buckets: (...asked) => bucketsOf(store, ...asked),
      feed,
      capacity,
      remembered,
      now: () => this.now,
    });
  }
}

export const seqs = (sent: SentMoment[]) => sent.map(({ moment: { seq } }) => seq);
export const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Null after so many rounds of the event loop, however long the machine takes for them. */
export async function rounds(count: number): Promise<null> {
  for (let left = count; left > 0; left--) await new Promise(setImmediate);
  return null;
}

export async function take(moments: AsyncIterator<SentMoment>, count: number): Promise<SentMoment[]> {
  const taken: SentMoment[] = [];
  while (taken.length < count) {
    const result = await moments.next();
    if (result.done) break;
    taken.push(result.value);
  }
  return taken;
}
