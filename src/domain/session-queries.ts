/** How sessions are looked for. */
import type { Tags } from './access.ts';
import type { SessionRecord } from './stream.ts';

export interface SessionQueries {
  get(id: string): Promise<SessionRecord | null>;
  /** The newest session of a stream. */
  latest(streamId: string): Promise<SessionRecord | null>;
  /** Those in a live state, oldest first; of one stream or of all. */
  live(streamId?: string): Promise<SessionRecord[]>;
  /**
   * Those with `startedAt` at or after `time`, by `startedAt`, then by id; of one stream or of all, or of those with these tags,
   * at most `limit`.
   */
  startedSince(
    time: Date,
    only?: { streamId?: string | undefined; tags?: Tags | undefined; limit?: number },
  ): Promise<SessionRecord[]>;
  /** Those of its stream that were created after this one, in that order, whatever the clock said; at most `limit`. */
  followersOf(id: string, limit: number): Promise<SessionRecord[]>;
}
