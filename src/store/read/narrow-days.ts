/**
 * Pages of a session that has many days, each read from two of them: every day that a statement names costs a partition's
 * planning, and planning the days of months takes longer than reading. A reader's place is remembered from page to page;
 * where it is not, one statement over the moments' keys finds it.
 */
import type { Moment } from '../../domain/moment.ts';

/** The days of a session, both included. */
export interface Days {
  first: number;
  last: number;
}

/** A moment that is looked for, and the day to look in. */
export interface Place {
  seq: number;
  day: number;
}

export interface DayReader {
  /** The next moment behind `after` that is stored, and its day; null: there is none. */
  findNext(sessionId: string, after: number, days: Days): Promise<Place | null>;
  /** As many as `limit` moments behind `after` of these days alone, ascending by `seq`. */
  read(sessionId: string, after: number, limit: number, days: Days): Promise<StoredMoment[]>;
}

export interface StoredMoment {
  moment: Moment;
  day: number;
}

export type ReadPage = (sessionId: string, after: number, limit: number, days: Days) => Promise<Moment[]>;

/** Days read by one statement: a page that begins before midnight is read at once. */
const WINDOW = 2;
/** Places of readers that are remembered. */
const PLACES = 1000;

export function createReadPage(reader: DayReader): ReadPage {
  /** The day of a moment that ended a page, by session and `seq`; the oldest first. */
  const places = new Map<string, number>();

  const remember = (sessionId: string, { moment: { seq }, day }: StoredMoment) => {
    places.set(`${sessionId} ${seq}`, day);
    const [oldest] = places.keys();
    if (places.size > PLACES && oldest !== undefined) places.delete(oldest);
  };

  /** Some of the moments behind `after`; none: there are no more. */
  const readRun = async (sessionId: string, after: number, limit: number, days: Days) => {
    const day = places.get(`${sessionId} ${after}`);
    const run = day === undefined ? [] : await readFrom(reader, sessionId, { seq: after + 1, day }, limit);
    if (run.length > 0) return run;
    const next = await reader.findNext(sessionId, after, days);
    return next === null ? [] : readFrom(reader, sessionId, next, limit);
  };

  return async (sessionId, after, limit, days) => {
    if (days.last - days.first < WINDOW) {
      return (await reader.read(sessionId, after, limit, days)).map(({ moment }) => moment);
    }
    const page: Moment[] = [];
    while (page.length < limit) {
      const run = await readRun(sessionId, page.at(-1)?.seq ?? after, limit - page.length, days);
      const last = run.at(-1);
      if (last === undefined) break;
      remember(sessionId, last);
      page.push(...run.map(({ moment }) => moment));
    }
    return page;
  };
}

/** From a place on, without a gap: behind one there may be moments of another day, after a clock was set. */
async function readFrom(
  { read }: DayReader,
  sessionId: string,
  { seq, day }: Place,
  limit: number,
): Promise<StoredMoment[]> {
  const found = await read(sessionId, seq - 1, limit, { first: day, last: day + WINDOW - 1 });
  const gap = found.findIndex(({ moment }, at) => moment.seq !== seq + at);
  return gap === -1 ? found : found.slice(0, gap);
}
