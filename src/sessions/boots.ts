/** A session that killed its server is not started again and again: starts after a crash are counted, and forgiven. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import type { Publisher, SessionBook, StreamBook } from './ports.ts';
import { PACE, type Pace } from './session-runner.ts';

export interface BootsDeps {
  streams: Pick<StreamBook, 'countBoot' | 'forgiveBoots' | 'setWanted'>;
  sessions: Pick<SessionBook, 'setState'>;
  publisher: Pick<Publisher, 'status'>;
  log: Log;
  pace?: Partial<Pace>;
}

export interface Boots {
  /**
   * Whether a stream may start at boot. Counted in the store before it starts, so that the count outlives whatever the
   * start does. `left`: its session that the crash cut off; without one, the server ended in order, or between two.
   */
  mayResume(stream: StreamRecord, left: SessionRecord | undefined): Promise<boolean>;
  /** It has started: it is forgiven once it has run for a while, or has ended, and the server is still here. */
  watch(streamId: string, done: Promise<unknown>): void;
}

/** Starts after crashes in a row; the crash after that is the last that may be its fault. */
const RESUMES = 2;

export function createBoots({ streams, sessions, publisher, log, pace }: BootsDeps): Boots {
  const provenMs = pace?.proven ?? PACE.proven;
  async function forgive(streamId: string): Promise<void> {
    try {
      await streams.forgiveBoots(streamId);
    } catch (error) {
      log.warn({ err: error, stream: streamId }, 'could not note that a stream runs well');
    }
  }
  async function giveUp(stream: StreamRecord, left: SessionRecord, crashes: number): Promise<void> {
    const failure = `The server crashed ${crashes} times in a row soon after this stream had started, so it was not started again; find out why, then start it.`;
    await streams.setWanted(stream.id, false);
    await streams.forgiveBoots(stream.id);
    publisher.status(stream.id, await sessions.setState(left.id, 'INTERRUPTED', { failure }));
    log.error(
      { stream: stream.id, session: left.id, crashes },
      'a stream is not started again: crash by crash',
    );
  }
  return {
    async mayResume(stream, left) {
      if (!left) return true;
      const crashes = await streams.countBoot(stream.id);
      if (crashes <= RESUMES) return true;
      await giveUp(stream, left, crashes);
      return false;
    },
    watch(streamId, done) {
      const timer = setTimeout(() => void forgive(streamId), provenMs);
      timer.unref();
      void done.then(() => {
        clearTimeout(timer);
        return forgive(streamId);
      });
    },
  };
}
