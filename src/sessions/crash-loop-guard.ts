/** A session that crashed its server is not started again and again: starts after a crash are counted, and forgotten. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import type { Publisher, SessionRepository, StreamRepository } from './ports.ts';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.ts';

export interface CrashLoopGuardDeps {
  streams: Pick<StreamRepository, 'countCrash' | 'forgetCrashes' | 'setShouldRun'>;
  sessions: Pick<SessionRepository, 'setState'>;
  publisher: Pick<Publisher, 'status'>;
  log: Log;
  limits?: Partial<SessionLimits>;
}

/** Starts after crashes in a row; the crash after that is the last that may be the stream's fault. */
const MAX_RESTARTS = 2;

export class CrashLoopGuard {
  readonly #deps: CrashLoopGuardDeps;
  readonly #stableMs: number;

  constructor(deps: CrashLoopGuardDeps) {
    this.#deps = deps;
    this.#stableMs = deps.limits?.stableMs ?? DEFAULT_LIMITS.stableMs;
  }

  /**
   * Whether a stream may start at boot. Counted in the store before it starts, so that the count outlives whatever the
   * start does.
   * @param cutOff its session that the crash cut off; without one, the server ended in order, or between two sessions
   */
  async mayStart(stream: StreamRecord, cutOff: SessionRecord | undefined): Promise<boolean> {
    if (!cutOff) return true;
    const crashes = await this.#deps.streams.countCrash(stream.id);
    if (crashes <= MAX_RESTARTS) return true;
    await this.#giveUp(stream, cutOff, crashes);
    return false;
  }

  /** It has started: its crashes are forgotten once it has run for a while, or has ended, and the server is still here. */
  watch(streamId: string, ended: Promise<unknown>): void {
    const timer = setTimeout(() => void this.#forget(streamId), this.#stableMs);
    timer.unref();
    void ended.then(() => {
      clearTimeout(timer);
      return this.#forget(streamId);
    });
  }

  async #forget(streamId: string): Promise<void> {
    try {
      await this.#deps.streams.forgetCrashes(streamId);
    } catch (error) {
      this.#deps.log.warn({ err: error, stream: streamId }, 'could not note that a stream runs well');
    }
  }

  async #giveUp(stream: StreamRecord, cutOff: SessionRecord, crashes: number): Promise<void> {
    const { streams, sessions, publisher, log } = this.#deps;
    const failure = `The server crashed ${crashes} times in a row soon after this stream had started, so it was not started again; find out why, then start it.`;
    await streams.setShouldRun(stream.id, false);
    await streams.forgetCrashes(stream.id);
    publisher.status(stream.id, await sessions.setState(cutOff.id, 'INTERRUPTED', { failure }));
    log.error(
      { stream: stream.id, session: cutOff.id, crashes },
      'a stream is not started again, because the server crashed each time soon after it started',
    );
  }
}
