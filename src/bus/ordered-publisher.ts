/**
 * Publishes moments, and what they tell of episodes, in the order of their commits: sessions hear of one commit in any order.
 * What has no such place comes behind all that was handed over before it.
 */
import type { LiveEvent } from '../domain/live-event.ts';
import { compareEpisodeEvents, type EpisodeEvent, type Moment } from '../domain/moment.ts';
import type { SessionRecord } from '../domain/stream.ts';
import type { Bus } from './memory-bus.ts';

export class OrderedPublisher {
  readonly #bus: Pick<Bus, 'publish' | 'forget'>;
  /** Handed over in this turn of the event loop, within which all of a commit are. */
  #waiting: LiveEvent[] = [];

  constructor(bus: Pick<Bus, 'publish' | 'forget'>) {
    this.#bus = bus;
  }

  moment(streamId: string, moment: Moment, position: number): void {
    moment.trace?.step('publish');
    this.#add({ kind: 'moment', streamId, moment, position });
  }

  episode(streamId: string, event: EpisodeEvent, position: number): void {
    this.#add({ kind: 'episode', streamId, event, position });
  }

  status(streamId: string, session: SessionRecord, sameState = false): void {
    this.#add({ kind: 'status', streamId, session, ...(sameState && { sameState }) });
  }

  removed(streamId: string): void {
    this.#add({ kind: 'removed', streamId });
  }

  /** Lets go of what waits here or for a subscriber: what it tells of was erased. */
  forget(isGone: (event: LiveEvent) => boolean): void {
    this.#waiting = this.#waiting.filter((event) => !isGone(event));
    this.#bus.forget(isGone);
  }

  #add(event: LiveEvent): void {
    if (this.#waiting.length === 0) {
      if (!('position' in event)) {
        this.#bus.publish(event);
        return;
      }
      setImmediate(() => this.#flush());
    }
    this.#waiting.push(event);
  }

  /** Sorting keeps the order of what has the same place. */
  #flush(): void {
    const events = this.#waiting;
    this.#waiting = [];
    for (const event of events.sort(compare)) {
      this.#bus.publish(event);
      if (event.kind === 'moment') event.moment.trace?.end();
    }
  }
}

function compare(one: LiveEvent, other: LiveEvent): number {
  const areEpisodes = one.kind === 'episode' && other.kind === 'episode';
  return placeOf(one) - placeOf(other) || (areEpisodes ? compareEpisodeEvents(one.event, other.event) : 0);
}

function placeOf(event: LiveEvent): number {
  return 'position' in event ? event.position : Number.MAX_SAFE_INTEGER;
}
