/** A session's states, in order: each is committed, then published. A store that is away is asked again. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StateDetails } from '../domain/stream.ts';
import { sleep } from '../threads/sleep.ts';
import type { SessionRepository } from './ports.ts';

export interface StateWriter {
  /** Returns at once, unless waited for. Resolves to the record as it was last committed. Without a failure, there is none. */
  write(state: SessionState, details?: StateDetails): Promise<SessionRecord>;
}

export interface StateWriterDeps {
  sessions: Pick<SessionRepository, 'setState'>;
  publish(session: SessionRecord): void;
  log: Log;
  retryMs: number;
  /** Aborts when there is no more time to wait for the store. */
  giveUp: AbortSignal;
}

export function createStateWriter(session: SessionRecord, deps: StateWriterDeps): StateWriter {
  let committed = session;
  let tail: Promise<unknown> = Promise.resolve();

  const commit = async (state: SessionState, details: StateDetails): Promise<SessionRecord> => {
    for (;;) {
      try {
        committed = await deps.sessions.setState(session.id, state, details);
        deps.publish(committed);
        return committed;
      } catch (error) {
        deps.log.warn({ err: error, session: session.id, state }, 'could not store the state of a session');
        if (deps.giveUp.aborted) return committed;
        await sleep(deps.retryMs, deps.giveUp);
      }
    }
  };

  return {
    write(state, details) {
      const written = tail.then(() => commit(state, { failure: null, ...details }));
      tail = written;
      return written;
    },
  };
}
