/** A session's states, told in order: each is committed, then published. A store that is away is asked again. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StateDetails } from '../domain/stream.ts';
import { sleep } from '../threads/sleep.ts';
import type { SessionBook } from './ports.ts';

export interface StateTeller {
  /** Returns at once, unless waited for. Resolves to the record as it was last committed. Without a failure, there is none. */
  tell(state: SessionState, details?: StateDetails): Promise<SessionRecord>;
}

export interface StateTellerDeps {
  sessions: Pick<SessionBook, 'setState'>;
  publish(session: SessionRecord): void;
  log: Log;
  retryMs: number;
  giveUp: AbortSignal;
}

export function createStateTeller(session: SessionRecord, deps: StateTellerDeps): StateTeller {
  let known = session;
  let tail: Promise<unknown> = Promise.resolve();

  const commit = async (state: SessionState, details: StateDetails): Promise<SessionRecord> => {
    for (;;) {
      try {
        known = await deps.sessions.setState(session.id, state, details);
        deps.publish(known);
        return known;
      } catch (error) {
        deps.log.warn({ err: error, session: session.id, state }, 'could not store the state of a session');
        if (deps.giveUp.aborted) return known;
        await sleep(deps.retryMs, deps.giveUp);
      }
    }
  };

  return {
    tell(state, details) {
      const told = tail.then(() => commit(state, { failure: null, ...details }));
      tail = told;
      return told;
    },
  };
}
