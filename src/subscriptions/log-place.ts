/** How far one subscriber has come in what all writers committed, and the cursor that says so. */
import { beginningOf, writerOf } from '../domain/log-position.ts';
import { MienError } from '../errors.ts';
import { MAX_WRITERS } from './cursor.ts';
import type { CommitLog } from './ports.ts';

type Writers = Awaited<ReturnType<CommitLog['writers']>>;

const PAGE_SIZE = 200;

export class LogPlace {
  /** The newest position that was dealt with, by writer. */
  readonly #dealt: Map<number, number>;

  private constructor(dealt: Map<number, number>) {
    this.#dealt = dealt;
  }

  /** Behind all that is committed now. */
  static atEnd(writers: Writers): LogPlace {
    return new LogPlace(new Map(writers.map(({ id, newest }) => [id, newest])));
  }

  /** @throws MienError CURSOR_INVALID, CURSOR_EXPIRED */
  static behind(positions: readonly number[], writers: Writers): LogPlace {
    const listed = new Map(positions.map((position) => [writerOf(position), position]));
    // Whoever is not listed had not begun; of a list as long as may be, also those before it may have been left out.
    const first = positions.length < MAX_WRITERS ? 0 : Math.min(...listed.keys());
    const known = new Set(writers.map(({ id }) => id));
    if ([...listed].some(([id, position]) => position > beginningOf(id) && !known.has(id))) throw beyondEnd();
    const place = new LogPlace(new Map());
    for (const { id, newest, expired } of writers) {
      const at = listed.get(id) ?? (id > first ? beginningOf(id) : newest);
      if (at > newest) throw beyondEnd();
      if (expired > at) throw deleted();
      place.#dealt.set(id, at);
    }
    return place;
  }

  /** Whether what stands there was dealt with. */
  includes(position: number): boolean {
    return position <= (this.#dealt.get(writerOf(position)) ?? 0);
  }

  /** All up to there is dealt with. */
  advance(position: number): void {
    if (!this.includes(position)) this.#dealt.set(writerOf(position), position);
  }

  /** One of each writer of which something was dealt with, ascending: of those that came last. */
  positions(): number[] {
    const begun = [...this.#dealt].filter(([id, position]) => position > beginningOf(id));
    return begun
      .map(([, position]) => position)
      .sort((one, other) => one - other)
      .slice(-MAX_WRITERS);
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

const START_ANEW = 'Subscribe without `after`, and read what you missed from `Session.timeline`.';

function beyondEnd(): MienError {
  return new MienError(
    'CURSOR_INVALID',
    'This cursor points past what is stored. Leave `after` out to begin now.',
  );
}

function deleted(): MienError {
  return new MienError(
    'CURSOR_EXPIRED',
    `Moments that follow this cursor were deleted, being older than the retention. ${START_ANEW}`,
  );
}
