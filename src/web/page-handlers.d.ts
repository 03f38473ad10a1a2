import type { Connection } from './client.js';
import type { SessionView } from './session-view.js';

/** What a stream or session that is shown tells the parts of the page. */
export interface PageHandlers {
  view: SessionView;
  onConnection(connection: Connection | { state: 'recorded' } | { state: 'stopped'; reason: string }): void;
  /** Null: the problem is over. */
  onProblem(problem: unknown): void;
  onNote(sentence: string): void;
  /** How many frames were not scored, and moments not sent, in a sentence. */
  onCounts(sentence: string): void;
  /** Another session of the stream has begun. */
  onSession(): void;
}
