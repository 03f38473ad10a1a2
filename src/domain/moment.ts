import type { Expression, FaceReading } from './face.ts';
import type { DropCounts, LoopPlace } from './frame.ts';
import type { MomentTrace } from './trace.ts';

/** All faces of one frame: the unit that is stored, published and resumed from. */
export interface Moment {
  sessionId: string;
  /** From 0, without gaps within a session. */
  seq: number;
  /** Seconds since the source's own start. */
  mediaTime: number;
  /** Milliseconds since the epoch. */
  wallTime: number;
  /** Of a looped recording only. */
  loop?: LoopPlace | undefined;
  /**
   * Seconds that the moment before stands for: to this one, or less where the source paused. The newest moment stands for as
   * long as the one before it; so of the first this is the stream's interval.
   */
  previousDuration: number;
  /** Seconds to the end of the recording, where that is nearer: it stands for no longer. Not kept: the session's end tells it. */
  untilEnd?: number | undefined;
  /** Whether another scene begins with this frame: no track of a moment before goes on. */
  cut: boolean;
  /** Frames not scored since the moment before, by reason. */
  dropped: DropCounts;
  faces: FaceReading[];
  /** Of one that is followed, on this server. Not kept. */
  trace?: MomentTrace | undefined;
}

/** A moment, and the one before it in its session; undefined of the first. */
export interface FollowingMoment {
  moment: Moment;
  previous?: Moment | undefined;
}

/** A stretch of one expression on one track. Times are media time in seconds. */
export interface Episode {
  /** From 0 within its session, in the order in which they were found; stretches too short to count leave gaps. */
  index: number;
  sessionId: string;
  track: number;
  expression: Expression;
  onset: number;
  apex: number;
  /** Null while it lasts. */
  offset: number | null;
  /** Smoothed probability at the apex. */
  peak: number;
  /** Wall times of the moments at the onset and, null while it lasts, the offset. */
  startedAt: Date;
  endedAt: Date | null;
}

/** In the order in which they follow each other in one frame. */
export const EPISODE_EVENT_KINDS = ['ONSET', 'APEX', 'OFFSET'] as const;
export type EpisodeEventKind = (typeof EPISODE_EVENT_KINDS)[number];

export interface EpisodeEvent {
  kind: EpisodeEventKind;
  episode: Episode;
}

/** The order of the events that one frame tells: less than 0 where `one` comes first. */
export function compareEpisodeEvents(one: EpisodeEvent, other: EpisodeEvent): number {
  const kindOf = ({ kind }: EpisodeEvent) => EPISODE_EVENT_KINDS.indexOf(kind);
  return one.episode.index - other.episode.index || kindOf(one) - kindOf(other);
}

/** One second of media time of one track (or `track: 0`, of the whole frame); sums, so that buckets add up. */
export interface Rollup {
  sessionId: string;
  /** Whole second of media time. */
  second: number;
  /** 0: the whole picture; its `frames` and `dropped` count frames, its other sums are over all faces. */
  track: number;
  frames: number;
  dropped: DropCounts;
  /** Microseconds that moments stand for: all of them, of a track those in which it was seen. */
  covered: number;
  /** Microseconds by label, in the order of EXPRESSIONS; of the whole picture summed over faces. */
  durations: number[];
  /** Readings summed here, and those of them in which mien abstained. */
  readings: number;
  abstained: number;
  /** Readings by label, in the order of EXPRESSIONS. */
  labels: number[];
  /** Sums of smoothed probabilities, in the order of EXPRESSIONS. */
  probabilities: number[];
  valence: number;
  arousal: number;
  quality: number;
  /** Null of a track: where its second lies, the whole picture tells. */
  place: RollupPlace | null;
}

/** Where a second's moments stand; of a second without one, where the moment stands that lasts into it. */
export interface RollupPlace {
  firstSeq: number;
  /** The earliest and the latest wall time, in milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
}
