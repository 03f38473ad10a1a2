/** What an output is told, whatever way it goes. */
import type { LiveEvent } from '../domain/live-event.ts';
import type { Episode, Moment } from '../domain/moment.ts';
import type { OutputRule } from '../domain/output.ts';
import type { SessionRecord } from '../domain/stream.ts';
import type { CoverageChange } from './coverage-watch.ts';

/** Null: the stream is gone. */
export interface StreamName {
  id: string;
  name: string | null;
}

export type OutputMessage = Told & {
  stream: StreamName;
  /** Null: of none. */
  sessionId: string | null;
  /** When it happened, by the server's clock. */
  at: Date;
  /** What it was made of: where that is erased, it is let go of. Null: it stays, since it holds nothing that was measured. */
  origin: LiveEvent | null;
  /** It ends because it was erased: of what was measured nothing is told any more. */
  isErased?: true;
};

export type Told =
  | { type: 'episode'; kind: 'ONSET' | 'OFFSET'; episode: Episode }
  | { type: 'state'; session: SessionRecord }
  | { type: 'moment'; moment: Moment }
  | { type: 'removed' }
  | ({ type: 'coverage' } & CoverageChange)
  | ({ type: 'rule' } & RuleChange);

export interface RuleChange {
  rule: OutputRule;
  /** Whether it is true of the track from now on. */
  holds: boolean;
  track: number;
  /** Media time in seconds from which on the expression lasted, and to which it is known to. */
  since: number;
  until: number;
  /** Of how many tracks it is true now. */
  active: number;
}

/** How rules and coverage of a stream are now. */
export interface Standing {
  /** Of how many tracks a rule is true. */
  active(rule: OutputRule): number;
  isLow: boolean;
}
