import { MemoryBus } from '../../src/bus/index.ts';
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

/** A store and a bus as a worker uses them: committed, then published. */
export class World {
  readonly store = new MemoryStore();
  readonly bus = new MemoryBus();
  capacity = 8;
  /** Sessions that a subscriber to all streams remembers. */
  remembered = 1000;

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
    const { store, bus, capacity, remembered } = this;
    return createSubscriptions({
      sessions: store.sessions,
      streams: store.repository,
      history: store,
      log: store.log,
      async *buckets() {},
      feed: bus,
      capacity,
      remembered,
      now: () => 0,
    });
  }
}

export const seqs = (sent: SentMoment[]) => sent.map(({ moment: { seq } }) => seq);
export const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

export async function take(moments: AsyncIterator<SentMoment>, count: number): Promise<SentMoment[]> {
  const taken: SentMoment[] = [];
  while (taken.length < count) {
    const result = await moments.next();
    if (result.done) break;
    taken.push(result.value);
  }
  return taken;
}
