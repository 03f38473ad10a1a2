/** How far one subscriber has come in each session, and the cursor that says so. */
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';
import type { SessionRecord } from '../domain/stream.ts';
import { encodeCursor, momentCursor } from './cursor.ts';

export interface Position {
  sessionId: string;
  /** Greatest `seq` dealt with: sent, left out by `every`, or skipped. */
  seen: number;
  /** Greatest `seq` sent. */
  sent: number;
  /** Media time of the last moment sent; null before that. */
  sentAt: number | null;
  /** Dropped frames of moments that were not sent, for the next that is. */
  dropped: DropCounts;
  /** Milliseconds since the epoch; null while unknown. */
  startedAt: number | null;
  over: boolean;
}

/** Sessions that start together may become known in another order: so many milliseconds apart at most. */
export const SKEW = 10_000;

export class Positions {
  readonly #bySession = new Map<string, Position>();
  #since: number;

  /** @param since sessions that started before it and are not known here are no concern */
  constructor(since: number) {
    this.#since = since;
  }

  get(sessionId: string): Position | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Adds a session whose moments up to `seq` are dealt with; one that is known stays where it is. */
  add(sessionId: string, seq: number, startedAt: Date | null): Position {
    const position = this.#bySession.get(sessionId) ?? {
      sessionId,
      seen: seq,
      sent: seq,
      sentAt: null,
      dropped: {},
      startedAt: null,
      over: false,
    };
    position.startedAt ??= startedAt?.getTime() ?? null;
    if (position.startedAt !== null) this.#since = Math.max(this.#since, position.startedAt - SKEW);
    this.#bySession.set(sessionId, position);
    return position;
  }

  /** A session that began while we listened has all of its moments to come. */
  note(session: SessionRecord, over: boolean): void {
    if (session.state === 'STARTING') this.add(session.id, -1, session.startedAt);
    const position = this.#bySession.get(session.id);
    if (position && over) position.over = true;
    this.#prune();
  }

  /** The moment as it is sent, with the drops of those left out before it. */
  send(position: Position, moment: Moment): Moment {
    const dropped = addDrops(position.dropped, moment.dropped);
    position.dropped = {};
    position.sent = moment.seq;
    position.sentAt = moment.mediaTime;
    return { ...moment, dropped };
  }

  cursor(everything: boolean, position: Position): string {
    if (!everything) return momentCursor(position.sessionId, position.sent);
    const positions = [...this.#bySession.values()].map(({ sessionId, sent }): [string, number] => [
      sessionId,
      sent,
    ]);
    return encodeCursor({ kind: 'all', since: this.#since, positions });
  }

  #prune(): void {
    for (const [id, { over, startedAt }] of this.#bySession) {
      if (over && startedAt !== null && startedAt < this.#since) this.#bySession.delete(id);
    }
  }
}
