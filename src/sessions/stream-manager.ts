/** The registered streams and their running sessions: registers, starts, stops, removes, restores after a crash, drains. */
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { sleep } from '../threads/sleep.ts';
import { CrashLoopGuard } from './crash-loop-guard.ts';
import { type HeldSource, type InspectDeps, inspectSource } from './inspect-source.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import type { SessionRepository, StreamRepository, UploadStore } from './ports.ts';
import {
  checkRegistration,
  checkSource,
  isSameSource,
  type RegisterInput,
  type Registration,
} from './registration.ts';
import { type RunningSession, runSession, type SessionDeps } from './session-runner.ts';
import { alreadyRegistered, alreadyRunning, neverRan, noSuchStream, shuttingDown } from './stream-errors.ts';
import { createUploadLeases, type UploadLeases } from './upload-leases.ts';

export interface StreamManagerDeps extends Omit<SessionDeps, 'sessions'>, InspectDeps {
  streams: StreamRepository;
  sessions: SessionRepository;
  /** Of the model that scores, as `Query.models` names it. */
  modelId: string;
  uploads?: UploadStore;
  /** Purposes that are prohibited unless named here. */
  allowPurposes?: readonly string[];
}

/** Longest wait for the sessions when the server ends; in milliseconds. */
const CLOSE_MS = 10_000;

export class StreamManager {
  readonly #deps: StreamManagerDeps;
  readonly #running = new Map<string, { session: RunningSession; ended: Promise<SessionRecord> }>();
  /** By the id of a stream, or by the name that one is being registered under. */
  readonly #exclusively = createKeyedMutex();
  readonly #closing = new AbortController();
  readonly #uploads: UploadLeases;
  readonly #guard: CrashLoopGuard;
  #leftovers: SessionRecord[] | null = null;

  constructor(deps: StreamManagerDeps) {
    this.#deps = deps;
    this.#uploads = createUploadLeases(deps);
    this.#guard = new CrashLoopGuard(deps);
  }

  /**
   * Probes the source, stores the stream, and starts it unless `autoStart` is false.
   * @throws MienError BAD_INPUT, PURPOSE_REFUSED, CONFLICT (this name has this source already), and what probing throws
   */
  register(input: RegisterInput): Promise<StreamRecord> {
    const registration = checkRegistration(input, this.#deps.allowPurposes ?? []);
    return this.#exclusively(`name ${registration.name}`, async () => {
      this.#closing.signal.throwIfAborted();
      const namesakes = await this.#deps.streams.byName(registration.name);
      const twin = namesakes.find(({ source }) => isSameSource(source, registration.source));
      if (twin) throw alreadyRegistered(twin);
      const { info, held } = await inspectSource(this.#deps, registration, this.#closing.signal);
      try {
        checkSource(registration, info);
        return await this.#store(registration, held);
      } catch (error) {
        held?.stop();
        throw error;
      }
    });
  }

  async #store({ autoStart, ...stream }: Registration, held: HeldSource | null): Promise<StreamRecord> {
    const record = await this.#deps.streams.create(stream);
    await this.#uploads.acquire(record);
    if (!autoStart) return record;
    await this.#exclusively(record.id, async () => {
      // Since it is stored, others see it, and may have started it.
      if (this.#running.has(record.id)) held?.stop();
      else await this.#begin(record, held);
    });
    return { ...record, shouldRun: true };
  }

  /** Begins a new session. @throws MienError NOT_FOUND, CONFLICT when it runs already */
  start(id: string): Promise<SessionRecord> {
    return this.#exclusively(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      if (entry && !entry.session.ending) throw alreadyRunning(stream, entry.session.id);
      await entry?.ended;
      return this.#begin(stream, null);
    });
  }

  /**
   * Drains, then ends the session; of a stream that does not run, returns the last session as it is.
   * @throws MienError NOT_FOUND, CONFLICT when it never ran
   */
  stop(id: string): Promise<SessionRecord> {
    return this.#exclusively(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      await this.#deps.streams.setShouldRun(id, false);
      if (entry) {
        void entry.session.stop('ENDED');
        return entry.ended;
      }
      const last = await this.#deps.sessions.latest(id);
      if (last) return last;
      throw neverRan(stream);
    });
  }

  /** With all that was recorded from it, and its upload when no other stream uses that. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void> {
    return this.#exclusively(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      void entry?.session.stop('ENDED');
      await entry?.ended;
      await this.#removeRecord(id);
      this.#deps.publisher.removed(id);
      await this.#uploads.release(stream);
    });
  }

  running(): { streamId: string; sessionId: string }[] {
    return [...this.#running].map(([streamId, { session }]) => ({ streamId, sessionId: session.id }));
  }

  /** Whether it starts no more sessions. */
  get closing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Once, at boot, before anyone may start a stream: all sessions that are live now were left by a crash. */
  async noteLeftoverSessions(): Promise<void> {
    this.#leftovers = await this.#deps.sessions.live();
  }

  /**
   * Once, at boot: sessions that were noted, or are live now, become INTERRUPTED; streams that should run start a new
   * session, unless that crashes the server.
   */
  async restoreDesiredState(): Promise<void> {
    const { sessions, streams, publisher, log } = this.#deps;
    const leftovers = this.#leftovers ?? (await sessions.live());
    const interrupted = await sessions.interruptLive(leftovers.map(({ id }) => id));
    for (const session of interrupted) publisher.status(session.streamId, session);
    for (const { id } of await streams.thatShouldRun()) {
      const cutOff = interrupted.find(({ streamId }) => streamId === id);
      await this.#exclusively(id, () => this.#restore(id, cutOff)).catch((error) =>
        log.error({ err: error, stream: id }, 'could not start a stream again'),
      );
    }
  }

  /** Drains all sessions, within ten seconds; they become INTERRUPTED, and start anew at the next boot. */
  async close(): Promise<void> {
    this.#closing.abort(shuttingDown());
    const entries = [...this.#running.values()];
    for (const { session } of entries) void session.stop('INTERRUPTED', 'The server was stopped.');
    const drained = new AbortController();
    await Promise.race([Promise.all(entries.map(({ ended }) => ended)), sleep(CLOSE_MS, drained.signal)]);
    drained.abort();
    for (const { streamId, sessionId } of this.running()) {
      this.#deps.log.error({ stream: streamId, session: sessionId }, 'a session did not drain in time');
    }
  }

  /** Asked again when its turn comes: meanwhile it may have been stopped, removed, or run to its end. */
  async #restore(id: string, cutOff: SessionRecord | undefined): Promise<void> {
    const stream = await this.#deps.streams.get(id);
    if (!stream?.shouldRun || this.#running.has(id)) return;
    if (await this.#guard.mayStart(stream, cutOff)) await this.#begin(stream, null);
  }

  async #begin(stream: StreamRecord, held: HeldSource | null): Promise<SessionRecord> {
    this.#closing.signal.throwIfAborted();
    const { streams, sessions, publisher, modelId } = this.#deps;
    await streams.setShouldRun(stream.id, true);
    const record = await sessions.create({ streamId: stream.id, modelId });
    publisher.status(stream.id, record);
    const session = runSession(this.#deps, stream, record, held);
    this.#guard.watch(stream.id, session.done);
    const ended = session.done.then((last) => this.#onEnded(stream.id, last));
    this.#running.set(stream.id, { session, ended });
    if (this.#closing.signal.aborted) void session.stop('INTERRUPTED', 'The server was stopped.');
    return record;
  }

  /** A stream whose session ended by itself should not run any more; one that the server's end interrupted still should. */
  async #onEnded(streamId: string, session: SessionRecord): Promise<SessionRecord> {
    try {
      if (session.state === 'ENDED' || session.state === 'FAILED') {
        await this.#deps.streams.setShouldRun(streamId, false);
      }
    } catch (error) {
      this.#deps.log.warn({ err: error, stream: streamId }, 'could not note that a stream ended');
    }
    this.#running.delete(streamId);
    return session;
  }

  /** Where the answer was lost, but not the removal, there is still something to tell and an upload to release. */
  async #removeRecord(id: string): Promise<void> {
    const { streams } = this.#deps;
    try {
      await streams.remove(id);
    } catch (error) {
      if (await streams.get(id).catch(() => true)) throw error;
    }
  }

  async #get(id: string): Promise<StreamRecord> {
    const stream = await this.#deps.streams.get(id);
    if (stream) return stream;
    throw noSuchStream(id);
  }
}
