/** Several sessions summed up together, in groups. */
import type { Tags } from './access.ts';
import type { Aggregate } from './aggregate.ts';
import type { Estimate } from './mean-estimate.ts';
import type { RequestBudget } from './request-budget.ts';
import type { TimeRange } from './time-range.ts';

/** What sessions, or the days and hours of a time zone that they lie in, are grouped by. */
export type Grouping = { by: 'STREAM' | 'SESSION' | 'DAY' | 'HOUR' } | { by: 'TAG'; key: string };

/** Where buckets begin: with the media time of each session, by the wall clock, or at a marker of each. */
export interface Alignment {
  at: 'START' | 'WALL' | 'MARKER';
}

/** What of sessions lies around a marker: from so many seconds after it, or, where negative, before it; infinite where it is open. */
export interface Trials {
  /** Its name. */
  marker: string;
  from: number;
  to: number;
}

/** Most sessions that are summed up together. */
export const MAX_SESSIONS = 10_000;

/** A session that is to be summed up. */
export interface GroupedSession {
  id: string;
  streamId: string;
  tags: Tags;
}

export interface SessionsAggregateOptions {
  /** Of each session only what lies in it. */
  range?: TimeRange | undefined;
  /** Of each session only what lies around each marker of this name; each is a trial. */
  trials?: Trials | undefined;
  groupBy: readonly Grouping[];
  /** Aligned at MARKER where there are trials, and only there. */
  bucket?: { seconds: number; align: Alignment } | undefined;
  /** Of the IANA time zone database; whose days and hours are meant. */
  timeZone: string;
  /** Of the request that it is for. */
  work?: RequestBudget | undefined;
}

/** Of whatever stretch, or of several. */
export type Sums = Omit<Aggregate, 'start' | 'end' | 'startedAt' | 'endedAt'>;

/** What sessions say of sessions like them; each counts once, however long it is. In the order of EXPRESSIONS. */
export interface SessionMeans {
  coverage: Estimate;
  shares: readonly Estimate[];
  durations: readonly Estimate[];
  probabilities: readonly Estimate[];
  valence: Estimate;
  arousal: Estimate;
  quality: Estimate;
}

export interface SessionsSums extends Sums {
  /** How many sessions. */
  sessions: number;
  /** How many trials of theirs; as many as sessions where those are not asked for. */
  trials: number;
  /** Computed when it is asked for. */
  perSession(): SessionMeans;
}

/** In milliseconds since the epoch. */
export interface Period {
  start: number;
  end: number;
}

export interface SessionsGroup extends SessionsSums {
  /** What its sessions have in common; null where it was not asked for. */
  streamId: string | null;
  sessionId: string | null;
  period: Period | null;
  /** The tags that were asked for; a value of null: sessions without such a tag. */
  tags: readonly { key: string; value: string | null }[];
  tracks: number;
  /** Sessions without a trial: they have no such marker, or no time around it. */
  leftOut: number;
  /** Null where none were asked for. */
  buckets: readonly SessionsBucket[] | null;
}

export interface SessionsBucket extends SessionsSums {
  /** MEDIA: seconds from where it is aligned; WALL: milliseconds since the epoch. */
  clock: 'MEDIA' | 'WALL';
  start: number;
  end: number;
}
