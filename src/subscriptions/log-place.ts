/** How far one subscriber has come in what all writers committed, and the cursor that says so. */
import { beginningOf, writerOf } from '../domain/log-position.ts';
import { MienError } from '../errors.ts';
import { MAX_WRITERS, type WriterPositions } from './cursor.ts';
import type { CommitLog } from './ports.ts';

type Writers = Awaited<ReturnType<CommitLog['writers']>>;
type Expired = readonly { position: number }[];

const PAGE_SIZE = 200;

export class LogPlace {
  /** The newest position that was dealt with, by writer. */
  readonly #dealt = new Map<number, number>();
  /** Those of writers of which something was dealt with, ascending. */
  readonly #begun: number[] = [];
  /** How many positions they come to. */
  #count = 0;

  /** Behind all that is committed now. */
  static atEnd(writers: Writers): LogPlace {
    const place = new LogPlace();
    for (const { id, newest } of writers) place.#deal(id, newest);
    return place;
  }

  /**
   * @param expired what retention deleted of streams that are told of
   * @param at a position that stands in the cursor beside the list, if it does
   * @throws MienError CURSOR_INVALID, CURSOR_EXPIRED
   */
  static behind(cursor: WriterPositions, writers: Writers, expired: Expired, at?: number): LogPlace {
    const { positions, omitted: told = 0 } = cursor;
    const listed = new Map(
      [...positions, ...(at === undefined ? [] : [at])].map((one) => [writerOf(one), one]),
    );
    const known = new Set(writers.map(({ id }) => id));
    if ([...listed].some(([id, position]) => position > beginningOf(id) && !known.has(id))) throw beyondEnd();
    // Of a list without room for all, those before it are left out; any other that is not in it had not begun.
    const first = cursor.omitted === undefined ? 0 : writerOf(positions[0]!);
    const place = new LogPlace();
    let omitted = 0;
    for (const { id, newest } of writers) {
      const isOmitted = id < first && !listed.has(id);
      if (isOmitted) omitted += newest - beginningOf(id);
      const position = isOmitted ? newest : (listed.get(id) ?? beginningOf(id));
      if (position > newest) throw beyondEnd();
      place.#deal(id, position);
    }
    if (omitted < told) throw beyondEnd();
    if (omitted > told) throw tooManyWriters();
    if (expired.some(({ position }) => !place.includes(position))) throw deleted();
    return place;
  }

  /** Whether what stands there was dealt with. */
  includes(position: number): boolean {
    return position <= (this.#dealt.get(writerOf(position)) ?? 0);
  }

  /** Whether its writer is new, and follows others: what these committed last may have told of nothing, and is not dealt with. */
  isOfFollower(position: number): boolean {
    return this.#begun.length > 0 && !this.#dealt.has(writerOf(position));
  }

  /** All up to there is dealt with. */
  advance(position: number): void {
    if (!this.includes(position)) this.#deal(writerOf(position), position);
  }

  /**
   * One position of each writer of which something was dealt with: of those that came last, and how much it was of the others.
   * @param at a position that stands in the cursor beside the list
   */
  told(at?: number): WriterPositions {
    const positions = this.#begun.slice(-MAX_WRITERS);
    if (this.#begun.length === positions.length) return { positions };
    const others = at === undefined || positions.includes(at) ? positions : [at, ...positions];
    return { positions, omitted: others.reduce((count, one) => count - countOf(one), this.#count) };
  }

  #deal(writer: number, position: number): void {
    const before = this.#dealt.get(writer) ?? beginningOf(writer);
    this.#dealt.set(writer, position);
    if (position === beginningOf(writer)) return;
    this.#count += position - before;
    let at = this.#begun.length;
    while (at > 0 && writerOf(this.#begun[at - 1]!) > writer) at -= 1;
    if (before > beginningOf(writer)) this.#begun[at - 1] = position;
    else this.#begun.splice(at, 0, position);
  }

  /**
   * What is committed behind this place, page by page, as far as it goes; whoever takes it advances.
   * @param read at most `limit` behind a position, ascending
   * @param partly a position of which not all may have been dealt with
   */
  async *rest<Item>(
    log: Pick<CommitLog, 'writers'>,
    read: (from: number, last: Item | undefined, limit: number) => Promise<Item[]>,
    partly?: number,
  ): AsyncGenerator<Item[], undefined> {
    for (const { id, newest } of await log.writers()) {
      const from = this.#dealt.get(id) ?? beginningOf(id);
      if (from >= newest && from !== partly) continue;
      for (let page = await read(from, undefined, PAGE_SIZE); page.length > 0; ) {
        yield page;
        page = page.length < PAGE_SIZE ? [] : await read(from, page.at(-1), PAGE_SIZE);
      }
      // What tells of nothing here, such as the end of a session, is dealt with too.
      this.advance(newest);
    }
  }
}

/** Positions of its writer up to there. */
function countOf(position: number): number {
  return position - beginningOf(writerOf(position));
}

const START_ANEW = 'Subscribe without `after`, and read what you missed from `Session.timeline`.';

function beyondEnd(): MienError {
  return new MienError(
    'CURSOR_INVALID',
    'This cursor points past what is stored. Leave `after` out to begin now.',
  );
}

function tooManyWriters(): MienError {
  return new MienError(
    'CURSOR_EXPIRED',
    `A cursor tells of ${MAX_WRITERS} servers, and others have recorded since this one. ${START_ANEW}`,
  );
}

function deleted(): MienError {
  return new MienError(
    'CURSOR_EXPIRED',
    `Moments that follow this cursor were deleted, being older than the retention. ${START_ANEW}`,
  );
}
