/**
 * A session's states, in order: each is committed, then published. A store that is away is asked again; what it refuses for
 * good is stored without its details, and given up where that is refused too.
 */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StateDetails } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { createBackoff } from '../threads/backoff.ts';
import { sleep } from '../threads/sleep.ts';
import { unlessLate } from '../threads/unless-late.ts';
import type { SessionRepository } from './ports.ts';
import { isStoreUnavailable } from './store-unavailable.ts';

export interface StateWriter {
  /** Returns at once, unless waited for. Resolves to the record as it was last committed. Without a failure, there is none. */
  write(state: SessionState, details?: StateDetails): Promise<SessionRecord>;
}

export interface StateWriterDeps {
  sessions: Pick<SessionRepository, 'setState'>;
  publish(session: SessionRecord): void;
  /** It is not this server's any more, or has ended: nothing of it can be stored. */
  onLost(): void;
  log: Log;
  /** Milliseconds before a store that is away is asked again for the first time. */
  retryMs: number;
  /** Longest wait for its answer, in milliseconds: the network may have forgotten a connection, and a state may be said again over another. */
  answerMs?: number;
  /** Aborts when there is no more time to wait for the store. */
  giveUp: AbortSignal;
}

/** The pauses grow to so many times the first. */
const LONGEST = 20;

const ANSWER_MS = 30_000;

const NOT_STORABLE = 'Why it failed could not be stored; the log of the server has it.';

export function createStateWriter(session: SessionRecord, deps: StateWriterDeps): StateWriter {
  let committed = session;
  let tail: Promise<unknown> = Promise.resolve();

  /** @throws why it never will be stored */
  const store = async (state: SessionState, details: StateDetails): Promise<void> => {
    const backoff = createBackoff({ shortest: deps.retryMs, longest: LONGEST * deps.retryMs });
    for (;;) {
      try {
        committed = await setInTime(deps, session.id, state, details);
        return deps.publish(committed);
      } catch (error) {
        deps.log.warn({ err: error, session: session.id, state }, 'could not store the state of a session');
        if (deps.giveUp.aborted || !isStoreUnavailable(error)) throw error;
        await sleep(backoff.next(), deps.giveUp);
      }
    }
  };

  const commit = async (state: SessionState, details: StateDetails): Promise<SessionRecord> => {
    try {
      await store(state, details).catch((error) => {
        if (deps.giveUp.aborted || isOthers(error)) throw error;
        return store(state, { failure: details.failure == null ? null : NOT_STORABLE });
      });
    } catch (error) {
      if (isOthers(error)) deps.onLost();
      else deps.log.error({ err: error, session: session.id, state }, 'a state of a session is not stored');
    }
    return committed;
  };

  return {
    write(state, details) {
      const written = tail.then(() => commit(state, { failure: null, ...details }));
      tail = written;
      return written;
    },
  };
}

/** Another server has removed the session, or taken it over: its state is not this one's to tell. */
function isOthers(error: unknown): boolean {
  return error instanceof MienError && (error.code === 'NOT_FOUND' || error.code === 'CONFLICT');
}

/** @throws MienError STORE_UNAVAILABLE where no answer comes */
function setInTime(
  { sessions, answerMs = ANSWER_MS }: StateWriterDeps,
  ...said: [id: string, state: SessionState, details: StateDetails]
): Promise<SessionRecord> {
  return unlessLate(sessions.setState(...said), answerMs, noAnswer);
}

function noAnswer(): MienError {
  return new MienError('STORE_UNAVAILABLE', 'The database did not answer.');
}
