/**
 * Finds the moments of a session that a filter lets through, a page at a time, however few they are among however many.
 *
 * 1. Sums tell between which numbers the range lies (media-stretches.ts); nothing outside of it is read.
 * 2. From one end, windows of numbers are looked through, in keys and the columns that are asked about alone, until the page is
 *    full. After so many numbers it stops all the same, and says where.
 * 3. Those that were found are read.
 */
import { withMatchingFaces } from '../../domain/face-filter.ts';
import { isId } from '../../domain/id-format.ts';
import type { FoundMoments, MomentSearch } from '../../domain/moment-search.ts';
import { dayOf } from '../sql/utc-days.ts';
import { daysOfMoments, type MomentRun, momentRuns } from './media-stretches.ts';
import { firstOfStretchSql, keysSql } from './moment-keys-sql.ts';
import { type Reader, readMoments } from './moments.ts';
import type { Days } from './narrow-days.ts';

export interface SearchLimits {
  /** Numbers that one statement looks through, and with `every`, which leaves out the rest of a long stretch. */
  window: number;
  thinnedWindow: number;
  /** Numbers that one page looks through. */
  most: number;
}

const LIMITS: SearchLimits = { window: 5_000, thinnedWindow: 1_000, most: 50_000 };

const NOTHING: FoundMoments = { moments: [], more: false, stoppedAt: null };
const EVERYTHING = { clock: 'MEDIA', from: 0, to: Number.POSITIVE_INFINITY } as const;

/** A session that is not there has no moments. */
export async function searchMoments(
  prisma: Reader,
  sessionId: string,
  search: MomentSearch,
  limits = LIMITS,
): Promise<FoundMoments> {
  if (!isId(sessionId)) return NOTHING;
  const select = { lastSeq: true, firstDay: true, lastDay: true };
  const session = await prisma.session.findUnique({ where: { id: sessionId }, select });
  if (session?.firstDay == null || session.lastDay === null) return NOTHING;
  const days = { first: dayOf(session.firstDay.getTime()), last: dayOf(session.lastDay.getTime()) };
  const runs = await momentRuns(prisma, sessionId, search.range ?? EVERYTHING);
  const looking = new Looking(prisma, sessionId, search, days);
  await looking.through(windowsOf(runs, session.lastSeq, search, limits), limits.most);
  return looking.read();
}

/** Numbers from the first up to the last, which is excluded. */
interface Window {
  from: number;
  to: number;
}

/** In the order in which they are looked through. */
function* windowsOf(
  runs: readonly MomentRun[],
  lastSeq: number,
  { after, before, backwards, every }: MomentSearch,
  { window: whole, thinnedWindow }: SearchLimits,
): Generator<Window, void, number | undefined> {
  const size = every === undefined ? whole : thinnedWindow;
  for (const { fromSeq, toSeq } of backwards ? runs.toReversed() : runs) {
    let [from, to] = [Math.max(fromSeq, after + 1), Math.min(toSeq ?? lastSeq + 1, lastSeq + 1, before)];
    while (from < to) {
      const window = backwards
        ? { from: Math.max(from, to - size), to }
        : { from, to: Math.min(to, from + size) };
      const seen = yield window;
      if (backwards) to = seen ?? window.from;
      else from = seen ?? window.to;
    }
  }
}

interface Key {
  seq: number;
  /** Which stretch of `every` it lies in; 0 without. */
  stretch: number;
}

class Looking {
  readonly #prisma: Reader;
  readonly #sessionId: string;
  readonly #search: MomentSearch;
  readonly #days: Days;
  /** Of the windows in which some were found. */
  #foundDays: Days | null = null;
  /** In the order in which they were found: one more than asked for tells that there are others. */
  readonly #found: Key[] = [];
  /** Forwards, the stretch that was dealt with last. */
  #taken: number | null = null;
  #stoppedAt: number | null = null;

  constructor(prisma: Reader, sessionId: string, search: MomentSearch, days: Days) {
    this.#prisma = prisma;
    this.#sessionId = sessionId;
    this.#search = search;
    this.#days = days;
  }

  async through(windows: Generator<Window, void, number | undefined>, most: number): Promise<void> {
    const { limit, backwards } = this.#search;
    let left = most;
    for (let next = windows.next(); !next.done; ) {
      const { from, to } = next.value;
      if (left <= 0) {
        this.#stoppedAt = backwards ? to : from - 1;
        return;
      }
      left -= to - from;
      const seen = await this.#lookThrough(next.value);
      if (this.#found.length > limit) return;
      next = windows.next(seen);
    }
  }

  async read(): Promise<FoundMoments> {
    const { limit, faces } = this.#search;
    const seqs = this.#found.slice(0, limit).map(({ seq }) => seq);
    const moments = await readMoments(this.#prisma, this.#sessionId, seqs, this.#foundDays ?? this.#days);
    return {
      moments: moments.flatMap((moment) => withMatchingFaces(moment, faces) ?? []),
      more: this.#found.length > limit || this.#stoppedAt !== null,
      stoppedAt: this.#stoppedAt,
    };
  }

  /** @returns where the next window begins, if not where this one ends */
  async #lookThrough(window: Window): Promise<number | undefined> {
    const { every, limit, backwards } = this.#search;
    const wanted = limit + 1 - this.#found.length;
    const keys = await this.#ask((days) => keysSql(this.#search, days), window, wanted);
    if (every === undefined) {
      this.#found.push(...keys);
      return undefined;
    }
    const last = keys.at(-1);
    if (last === undefined) return undefined;
    if (backwards) return this.#addLastOf(keys, last, window);
    await this.#addFirstOf(keys, window);
    this.#taken = last.stretch;
    const next = await this.#seqAt(last.stretch + 1);
    return Math.max(next ?? 0, keys.length < wanted ? window.to : last.seq + 1);
  }

  /** Of the first stretch one may have come before the window, which then shows but the rest. */
  async #addFirstOf(keys: readonly Key[], window: Window): Promise<void> {
    const first = keys[0]!;
    const isTaken =
      this.#taken === null
        ? (await this.#firstBefore(first, window)) !== null
        : this.#taken === first.stretch;
    this.#found.push(...(isTaken ? keys.slice(1) : keys));
  }

  /** Backwards, of the last stretch one may come before the window, and then that is the first. */
  async #addLastOf(keys: readonly Key[], last: Key, window: Window): Promise<number> {
    const seq = (await this.#firstBefore(last, window)) ?? last.seq;
    this.#found.push(...keys.slice(0, -1), ...(seq > this.#search.after ? [{ ...last, seq }] : []));
    return Math.min(window.from, seq);
  }

  /** The first that matches in the stretch of a key, if it comes before the window. */
  async #firstBefore({ stretch }: Key, { from }: Window): Promise<number | null> {
    const start = await this.#seqAt(stretch);
    if (start === undefined || start >= from) return null;
    const sqlOf = (days: Days) => firstOfStretchSql(this.#search, days, stretch);
    const [row] = await this.#ask(sqlOf, { from: start, to: from }, 1);
    return row?.seq ?? null;
  }

  /** A number that is not behind the first moment from this stretch on, and at most a second before it; undefined: there is none. */
  async #seqAt(stretch: number): Promise<number | undefined> {
    const from = (stretch * this.#search.every!) / 1000;
    const [run] = await momentRuns(this.#prisma, this.#sessionId, { ...EVERYTHING, from });
    return run?.fromSeq;
  }

  async #ask(sqlOf: (days: Days) => string, { from, to }: Window, limit: number): Promise<Key[]> {
    const days = await daysOfMoments(this.#prisma, this.#sessionId, this.#days, from, to);
    const keys = await this.#prisma.$queryRawUnsafe<Key[]>(sqlOf(days), this.#sessionId, from, to, limit);
    if (keys.length === 0) return keys;
    const { first, last } = this.#foundDays ?? days;
    this.#foundDays = { first: Math.min(first, days.first), last: Math.max(last, days.last) };
    return keys;
  }
}
