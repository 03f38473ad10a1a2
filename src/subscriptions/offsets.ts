/** How far one subscriber has come in each session. */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';
import type { SessionQueries } from '../domain/session-queries.ts';
import type { SessionRecord } from '../domain/stream.ts';
import { inSameStretch } from '../domain/thinning.ts';

export interface Offset {
  sessionId: string;
  /** Greatest `seq` dealt with: sent, left out by `every` or `filter`, or skipped. */
  seen: number;
  /** Greatest `seq` sent. */
  sent: number;
  /** Media time of the last moment that took its stretch of `every`, sent or not; null before that. */
  takenMediaTime: number | null;
  /** Dropped frames of moments that were not sent, for the next that is. */
  dropped: DropCounts;
  /** Milliseconds since the epoch. */
  startedAt: number;
  over: boolean;
}

/** Sessions that start together may become known in another order: so many milliseconds apart at most. */
export const CLOCK_SKEW_MS = 10_000;

export class Offsets {
  readonly #bySession = new Map<string, Offset>();
  #since: number;

  /** @param since sessions that started before it and are not known here are no concern */
  constructor(since: number) {
    this.#since = since;
  }

  get(sessionId: string): Offset | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Adds a session whose moments up to `seq` are dealt with; one that is known stays where it is. */
  add(sessionId: string, seq: number, startedAt: Date): Offset {
    const offset = this.#bySession.get(sessionId) ?? {
      sessionId,
      seen: seq,
      sent: seq,
      takenMediaTime: null,
      dropped: {},
      startedAt: startedAt.getTime(),
      over: false,
    };
    this.#since = Math.max(this.#since, offset.startedAt - CLOCK_SKEW_MS);
    this.#bySession.set(sessionId, offset);
    return offset;
  }

  /**
   * Of a session that is not known the bus lost the beginning: it has all of its moments to come. Null: it began so long ago that
   * it is done with, so that what is heard of it is a late copy; or it was removed.
   */
  async find(sessionId: string, sessions: Pick<SessionQueries, 'get'>): Promise<Offset | null> {
    // Each moment asks.
    const known = this.#bySession.get(sessionId);
    if (known) return known;
    const [found] = await this.findAll([sessionId], sessions);
    return found ?? null;
  }

  /** The same of several. Those that began first are added first: none is taken for done with because of one that began later. */
  async findAll(sessionIds: readonly string[], sessions: Pick<SessionQueries, 'get'>): Promise<Offset[]> {
    const unknown = sessionIds.filter((id) => !this.#bySession.has(id));
    const found = await Promise.all(unknown.map((id) => sessions.get(id)));
    const inOrder = found
      .filter((session) => session !== null)
      .sort((one, other) => one.startedAt.getTime() - other.startedAt.getTime());
    for (const { id, startedAt } of inOrder)
      if (startedAt.getTime() >= this.#since) this.add(id, -1, startedAt);
    return sessionIds.flatMap((id) => this.#bySession.get(id) ?? []);
  }

  /** A session that began while we listened has all of its moments to come. */
  note(session: SessionRecord, over: boolean): void {
    if (session.state === 'STARTING') this.add(session.id, -1, session.startedAt);
    const offset = this.#bySession.get(session.id);
    if (offset && over) offset.over = true;
    this.#prune();
  }

  /** The moment as it is sent, with the drops of those left out before it. */
  send(offset: Offset, moment: Moment): Moment {
    const dropped = addDrops(offset.dropped, moment.dropped);
    offset.dropped = {};
    offset.sent = moment.seq;
    offset.takenMediaTime = moment.mediaTime;
    return { ...moment, dropped };
  }

  /** Whether another moment took the same stretch of `every` milliseconds. */
  isTooSoon({ takenMediaTime }: Offset, { mediaTime }: Moment, every: number | undefined): boolean {
    if (every === undefined || takenMediaTime === null) return false;
    return inSameStretch(mediaTime, takenMediaTime, every);
  }

  #prune(): void {
    for (const [id, { over, startedAt }] of this.#bySession) {
      if (over && startedAt < this.#since) this.#bySession.delete(id);
    }
  }
}
