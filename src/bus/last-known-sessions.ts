/** What was heard of each session on this server last: so that what the database tells is published only where it is news. */
import type { LiveEvent, LiveEventOf } from '../domain/live-event.ts';
import type { Moment } from '../domain/moment.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';

/** Sessions that are remembered: those heard of last. */
const REMEMBERED = 20_000;

interface HeardSession {
  /** Of the newest moment; -1: none. */
  seq: number;
  /** Null: no state of it was heard of. */
  session: SessionRecord | null;
  /** How much had been heard of all sessions when its state was. */
  at: number;
}

export class LastKnownSessions {
  /** The one heard of last comes last. */
  readonly #sessions = new Map<string, HeardSession>();
  #count = 0;

  /** How much was heard so far. */
  get count(): number {
    return this.#count;
  }

  note(event: LiveEvent): void {
    this.#count += 1;
    if (event.kind === 'moment') this.#noteMoment(event.moment);
    if (event.kind !== 'status') return;
    const { session } = event;
    this.#set(session.id, { seq: this.seqOf(session.id), session, at: this.#count });
  }

  /** Of the newest moment that was heard of; -1: none. */
  seqOf(sessionId: string): number {
    return this.#sessions.get(sessionId)?.seq ?? -1;
  }

  /** Sessions that are live, as far as was heard. */
  live(): SessionRecord[] {
    return [...this.#sessions.values()].flatMap(({ session }) =>
      session && isLive(session) ? [session] : [],
    );
  }

  /**
   * Whether a state that was read is another than the one heard of.
   * @param count how much had been heard before it was read: what was heard since is newer
   */
  isNews(session: SessionRecord, count: number): boolean {
    const known = this.#sessions.get(session.id);
    if (known?.session == null) return true;
    return known.at <= count && !isSameState(known.session, session);
  }

  /** Whether a state was on its way while the database told of it, or of what follows a beginning, or is an end. */
  isOld({ session, sameState = false }: LiveEventOf<'status'>): boolean {
    const known = this.#sessions.get(session.id)?.session ?? null;
    if (known === null) return false;
    const isPassed =
      session.state === 'STARTING' ? known.state !== 'STARTING' : !isLive(known) && isLive(session);
    return isPassed || (!sameState && isSameState(known, session));
  }

  #noteMoment({ sessionId, seq }: Pick<Moment, 'sessionId' | 'seq'>): void {
    const known = this.#sessions.get(sessionId);
    if (known === undefined) this.#set(sessionId, { seq, session: null, at: 0 });
    else known.seq = Math.max(known.seq, seq);
  }

  #set(id: string, heard: HeardSession): void {
    this.#sessions.delete(id);
    this.#sessions.set(id, heard);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > REMEMBERED && oldest !== undefined) this.#sessions.delete(oldest);
  }
}

function isSameState(one: SessionRecord, other: SessionRecord): boolean {
  return one.state === other.state && one.failure === other.failure;
}
