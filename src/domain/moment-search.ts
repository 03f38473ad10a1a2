/** What of a session's timeline somebody wants to read. */
import type { FaceFilter } from './face-filter.ts';
import type { Moment } from './moment.ts';
import type { TimeRange } from './time-range.ts';

/** Moments for which all of what is given holds. */
export interface MomentFilter {
  range?: TimeRange | undefined;
  /** Moments with a face that matches, without those that do not. */
  faces?: FaceFilter | undefined;
  /** Of each stretch of so many milliseconds of media time, counted from 0, the first that the others hold for. */
  every?: number | undefined;
}

export interface MomentSearch extends MomentFilter {
  /** Numbers between which it looks, both excluded. */
  after: number;
  before: number;
  /** At most so many: the first ones, or the last ones. */
  limit: number;
  backwards: boolean;
}

export interface FoundMoments {
  /** The oldest first. */
  moments: Moment[];
  /** Whether there are others in that direction, or not all were looked at. */
  more: boolean;
  /** Having found too few it stopped behind this number, or, backwards, before it. Null: it did not. */
  stoppedAt: number | null;
}
