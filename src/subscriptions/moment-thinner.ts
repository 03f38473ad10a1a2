/** What `filter` and `every` let through of all sessions. What is left out leaves its dropped frames to the next that is not. */
import { withMatchingFaces } from '../domain/face-filter.ts';
import { addDrops, type DropCounts, totalDrops } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';
import { inSameStretch } from '../domain/thinning.ts';
import type { MomentHistory } from './ports.ts';
import { lastTaken, type Thinning } from './sent-before.ts';

/** Sessions of which something is remembered: those heard of last. What is not remembered of `every` is found in the store. */
const REMEMBERED = 1000;

interface Known {
  /** Media time of the last moment that took its stretch of `every`, sent or not; null: none did; undefined: the store knows. */
  taken: number | null | undefined;
  /** Dropped frames of moments that were not sent, for the next that is. */
  dropped: DropCounts;
}

export class MomentThinner {
  readonly #history: Pick<MomentHistory, 'search'>;
  readonly #request: Thinning;
  readonly #remembered: number;
  /** The one heard of last comes last. */
  readonly #sessions = new Map<string, Known>();

  constructor(history: Pick<MomentHistory, 'search'>, request: Thinning, remembered = REMEMBERED) {
    this.#history = history;
    this.#request = request;
    this.#remembered = remembered;
  }

  /** Sessions of which something is remembered now. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The moment as it is sent; null: it is left out. Those of a session come in their order. */
  async pass(moment: Moment): Promise<Moment | null> {
    const { sessionId, seq, mediaTime } = moment;
    const { every, filter } = this.#request;
    const known = this.#get(sessionId);
    const wanted = withMatchingFaces(moment, filter);
    const dropped = addDrops(known.dropped, moment.dropped);
    if (wanted === null) {
      this.#set(sessionId, { ...known, dropped });
      return null;
    }
    if (every === undefined) {
      this.#sessions.delete(sessionId);
      return { ...wanted, dropped };
    }
    const { taken = await lastTaken(this.#history, sessionId, seq, this.#request) } = known;
    const isTooSoon = taken !== null && inSameStretch(taken, mediaTime, every);
    this.#set(sessionId, { taken: mediaTime, dropped: isTooSoon ? dropped : {} });
    return isTooSoon ? null : { ...wanted, dropped };
  }

  /** Frames dropped before moments that were lost. */
  addDropped(sessionId: string, counts: DropCounts): void {
    const known = this.#get(sessionId);
    this.#set(sessionId, { ...known, dropped: addDrops(known.dropped, counts) });
  }

  /** It is over. */
  forget(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  #get(sessionId: string): Known {
    return this.#sessions.get(sessionId) ?? { taken: undefined, dropped: {} };
  }

  #set(sessionId: string, known: Known): void {
    this.#sessions.delete(sessionId);
    if (known.taken === undefined && totalDrops(known.dropped) === 0) return;
    this.#sessions.set(sessionId, known);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#remembered && oldest !== undefined) this.#sessions.delete(oldest);
  }
}
