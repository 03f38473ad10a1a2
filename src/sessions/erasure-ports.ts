/** What erasing and the files of uploads need of the rooms below. */
import type { ErasureOrder, ErasureStep, LiveSession } from '../domain/erasure.ts';

/** store: what is to be erased, written down and done. */
export interface ErasureStore {
  /** Writes it down; `stop` is called with the sessions that run and go as a whole. @throws MienError NOT_FOUND, CONFLICT */
  begin(
    order: ErasureOrder,
    stop: (sessions: readonly LiveSession[]) => Promise<void>,
  ): Promise<{ id: string; steps: readonly ErasureStep[] }>;
  /** Does what is left of it. Returns whether nothing is; else another server does it now. It may be called again after it threw. */
  run(
    id: string,
    hands: { removeStream(id: string): Promise<void>; removeUpload(token: string): Promise<void> },
  ): Promise<boolean>;
  /** Whichever server began them, the oldest first; with what is to be let go of once they are done. */
  unfinished(): Promise<{ id: string; steps: readonly ErasureStep[] }[]>;
}

/** Uploaded files. */
export interface UploadStore {
  /** A stream uses it from now on. */
  take(token: string): Promise<void>;
  /** From now on it goes by itself when no stream uses it. */
  offer(token: string): Promise<void>;
  /** No stream uses it any more. */
  release(token: string): Promise<void>;
}
