/** What is published of running streams, once it is committed. */
import type { Aggregate } from './aggregate.ts';
import type { EpisodeEvent, Moment } from './moment.ts';
import type { SessionRecord } from './stream.ts';

export type LiveEvent =
  /** `position`: where it stands in the order of all commits. */
  | { kind: 'moment'; streamId: string; moment: Moment; position: number }
  /** `sameState`: the state is the one told before; something else that is told with it has changed. */
  | { kind: 'status'; streamId: string; session: SessionRecord; sameState?: boolean }
  | { kind: 'episode'; streamId: string; event: EpisodeEvent; position: number }
  /** The stream is gone, with its sessions; with `sessionId`, that session, of which nothing else is known. */
  | { kind: 'removed'; streamId: string; sessionId?: string }
  /** What writers have committed so far, by their newest positions (null: not known): not all of it may have been published here. */
  | { kind: 'committed'; positions: readonly number[] | null };
export type LiveEventKind = LiveEvent['kind'];

/** The event of one kind, or of several. */
export type LiveEventOf<Kind extends LiveEventKind> = Extract<LiveEvent, { kind: Kind }>;

/** One session, one stream, or (neither given) everything; the session counts where both are given. */
export interface Scope {
  streamId?: string | undefined;
  sessionId?: string | undefined;
}

/** Events as one subscriber, or several that share them, are sent them. */
export interface SentEvents<Event> extends AsyncIterable<Event> {
  /** Events lost so far because the reader was too slow, whether a `skippedBefore` has told of them yet or not. */
  lost(): number;
}

/** A moment as a subscriber is sent it. */
export interface SentMoment {
  moment: Moment;
  /** Resumes behind this moment. */
  cursor: string;
  /** Moments lost between this one and the one before, because the subscriber was too slow. */
  skippedBefore: number;
}

/** The present state of a session, or a change of it, as a subscriber is sent it. */
export interface SentStatus {
  streamId: string;
  session: SessionRecord;
  /** Events lost between this one and the one before, because the subscriber was too slow. */
  skippedBefore: number;
}

/** An episode's event as a subscriber is sent it. */
export interface SentEpisode {
  streamId: string;
  event: EpisodeEvent;
  /** Resumes behind this event. */
  cursor: string;
  /** Events lost between this one and the one before, because the subscriber was too slow. */
  skippedBefore: number;
}

/** A bucket of a session's timeline that closed, as a subscriber is sent it. */
export interface SentAggregate {
  streamId: string;
  sessionId: string;
  bucket: Aggregate;
}
