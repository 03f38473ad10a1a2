/** A session that runs, as those who started it hold it. */
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import type { MienError } from '../errors.ts';

export interface RunningSession {
  readonly id: string;
  /** Whether its source has ended; what remains is to store and close. */
  readonly ending: boolean;
  /**
   * Stops the source, stores and publishes what was scored, and ends, however long the store is away; INTERRUPTED, by the
   * server's end, it gives the store up after a while. Harmless when it ends already.
   * @param toSender of a source that is sent to mien: why it is not taken any more, where that is not that the stream was stopped
   */
  stop(state: 'ENDED' | 'INTERRUPTED', reason?: string, toSender?: MienError): Promise<SessionRecord>;
  /** Open episodes that began before are not told of any more. @param until seconds of media time */
  readonly forget: (until: number) => void;
  /** The session as it ended; never rejects. */
  readonly done: Promise<SessionRecord>;
}

/** Why a session ends here that is another server's. */
export const TAKEN_OVER = 'Another server has taken this stream over.';

/** A session that runs, with its stream as it was when it began. */
export interface RunningEntry {
  stream: StreamRecord;
  session: RunningSession;
  ended: Promise<SessionRecord>;
}

export interface RunningStream extends Pick<RunningSession, 'forget'> {
  streamId: string;
  sessionId: string;
}

export function runningStream(streamId: string, { id, forget }: RunningSession): RunningStream {
  return { streamId, sessionId: id, forget };
}

/** @returns what resolves when all have ended */
export function interruptAll(entries: Iterable<RunningEntry>, reason: string): Promise<unknown> {
  const ends = [...entries].map(({ session, ended }) => {
    void session.stop('INTERRUPTED', reason);
    return ended;
  });
  return Promise.all(ends);
}
