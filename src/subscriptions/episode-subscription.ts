/**
 * One subscriber's events of episodes: of a session, a stream or all, resumed as moments are. First what the store holds behind the
 * cursor, then what the queue brings; what is in both is known by its place in the order of commits.
 */
import type { LiveEventOf, Scope, SentEpisode } from '../domain/live-event.ts';
import { EPISODE_EVENT_KINDS, type EpisodeEvent } from '../domain/moment.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { decodeCursor, type EventPlace, encodeCursor } from './cursor.ts';
import { LogPlace } from './log-place.ts';
import type { EventQueue, LoggedEpisodeEvent, SubscriptionDeps } from './ports.ts';
import type { Shown } from './resume-plan.ts';
import { checkScope } from './resume-plan.ts';

type QueuedEvent = LiveEventOf<'episode' | 'status' | 'removed' | 'committed'>;

export interface EpisodesRequest extends Scope, Shown {
  /** Cursor to resume from; without it, begin with what happens next. */
  after?: string | undefined;
}

/** Events that may wait for a slow subscriber. */
const QUEUE_CAPACITY = 64;
/** Behind all events of a position. */
const LAST = { index: 2 ** 31 - 1, kind: EPISODE_EVENT_KINDS.length };

export class EpisodeSubscription {
  readonly #deps: SubscriptionDeps;
  readonly #request: EpisodesRequest;
  readonly #queue: EventQueue<QueuedEvent>;
  #place = LogPlace.atEnd([]);
  /** The last event that was dealt with, where others of its commit may follow. */
  #at: EventPlace | null = null;
  #isOver = false;
  #isLive = false;
  #overflowed = false;
  /** Whether the bus left something out. */
  #hasHole = false;
  /** The queue dropped what ends it, behind which nothing but news of commits came. */
  #hasLostEnd = false;
  /** Events that the queue dropped and the store gave. */
  #found = 0;
  /** Events lost before the place reached, and how many of them were told of. */
  #lost = 0;
  #told = 0;
  #closed = false;

  constructor(deps: SubscriptionDeps, request: EpisodesRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#queue = deps.feed.subscribe(['episode', 'status', 'removed', 'committed'], request, {
      capacity: QUEUE_CAPACITY,
      counted: 'episode',
      onDrop: (event) => {
        if (event.kind === 'episode') this.#overflowed = true;
        else if (event.kind !== 'committed') this.#hasLostEnd ||= this.#endsWith(event);
      },
      accepts: (event) => {
        this.#hasHole ||= event.kind === 'committed' && event.positions === null;
        return true;
      },
    });
  }

  /** @throws MienError NOT_FOUND, BAD_INPUT, CURSOR_INVALID, CURSOR_EXPIRED */
  async open(): Promise<void> {
    const { after } = this.#request;
    const session = await checkScope(this.#deps, this.#request);
    this.#isOver = session !== null && !isLive(session);
    const writers = await this.#deps.log.writers();
    if (after === undefined) {
      this.#place = LogPlace.atEnd(writers);
      this.#isLive = true;
      return;
    }
    const cursor = cursorOf(after);
    this.#place = LogPlace.behind(cursor, writers, await this.#expired(session), cursor.at.position);
    this.#at = cursor.at;
  }

  readonly close = (): void => {
    this.#closed = true;
    this.#queue.close();
  };

  /** Until it is live, what the queue drops is read from the store. */
  readonly lost = (): number => (this.#isLive ? this.#queue.lost - this.#found : this.#lost);

  async *events(): AsyncGenerator<SentEpisode, undefined> {
    try {
      if (!this.#isLive) yield* this.#readRest();
      while (!this.#isOver) {
        const taking = this.#queue.take();
        const lost = this.lost();
        const taken = await taking;
        if (taken === null) return;
        const { event } = taken;
        // Before what the queue brings: that may stand behind it.
        if (this.#hasHole || this.#hasLostEnd) yield* this.#readRest();
        if (this.#hasLostEnd) return;
        if (event.kind === 'episode') {
          if (this.#place.isOfFollower(event.position)) yield* this.#readRest();
          if (this.#includes(event)) continue;
          this.#lost = lost;
          yield this.#send(event);
        } else if (event.kind === 'committed') {
          const isBehind = event.positions?.some((position) => !this.#place.includes(position));
          if (isBehind) yield* this.#readRest();
        } else if (this.#endsWith(event)) return;
      }
    } finally {
      this.close();
    }
  }

  /** Reads the store until it is read to its end without the queue overflowing meanwhile. */
  async *#readRest(): AsyncGenerator<SentEpisode> {
    const { log } = this.#deps;
    const read = (from: number, last: LoggedEpisodeEvent | undefined, limit: number) =>
      log.episodesBehind(last ? placeOf(last) : this.#placeIn(from), this.#request, limit);
    this.#isLive = false;
    do {
      this.#overflowed = false;
      this.#hasHole = false;
      for await (const page of this.#place.rest(log, read, this.#at?.position)) {
        for (const logged of page) {
          if (this.#closed) return;
          if (logged.isHidden !== true && !this.#includes(logged)) yield this.#send(logged);
        }
      }
    } while ((this.#overflowed || this.#hasHole) && !this.#closed);
    this.#found = this.#queue.lost - this.#lost;
    this.#isLive = true;
  }

  #send(logged: LoggedEpisodeEvent): SentEpisode {
    const { streamId, position, event } = logged;
    this.#place.advance(position);
    this.#at = placeOf(logged);
    const skippedBefore = this.#lost - this.#told;
    this.#told = this.#lost;
    const cursor = encodeCursor({ kind: 'episodes', ...this.#place.told(position), at: this.#at });
    return { streamId, event, cursor, skippedBefore };
  }

  /** What retention deleted of what is asked for; what it deleted of others is no concern. */
  async #expired(session: SessionRecord | null): Promise<{ position: number }[]> {
    const { log, history } = this.#deps;
    if (session === null) return log.expired(this.#request.streamId);
    const { oldest, newest } = await history.extent(session.id);
    return oldest === 0 || newest < 0 ? [] : log.expired(session.streamId);
  }

  /** Where a writer of which all up to `from` was dealt with is read on. */
  #placeIn(from: number): EventPlace {
    return this.#at?.position === from ? this.#at : { position: from, ...LAST };
  }

  #includes(logged: LoggedEpisodeEvent): boolean {
    const { position, index, kind } = placeOf(logged);
    if (this.#at?.position !== position) return this.#place.includes(position);
    return index < this.#at.index || (index === this.#at.index && kind <= this.#at.kind);
  }

  /** Whether nothing can follow. */
  #endsWith(event: LiveEventOf<'status' | 'removed'>): boolean {
    const { streamId, sessionId } = this.#request;
    if (event.kind === 'removed') return streamId !== undefined || sessionId !== undefined;
    return sessionId !== undefined && !isLive(event.session);
  }
}

function placeOf({ position, event }: { position: number; event: EpisodeEvent }): EventPlace {
  return { position, index: event.episode.index, kind: EPISODE_EVENT_KINDS.indexOf(event.kind) };
}

/** @throws MienError CURSOR_INVALID */
function cursorOf(after: string) {
  const cursor = decodeCursor(after);
  if (cursor.kind === 'episodes') return cursor;
  throw new MienError(
    'CURSOR_INVALID',
    'This cursor is none of `expressionEpisodes`. Use one received from there, or leave `after` out.',
  );
}
