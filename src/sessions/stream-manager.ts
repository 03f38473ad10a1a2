/** The registered streams and their running sessions: registers, starts, stops, removes, restores after a crash, drains. */
import type { SessionRecord, SessionWords, StreamChange, StreamRecord } from '../domain/stream.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { type ChangedStream, changeStream } from './change-stream.ts';
import { CrashLoopGuard } from './crash-loop-guard.ts';
import { restoreStreams } from './desired-state.ts';
import { type HeldSource, inspectSource } from './inspect-source.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import {
  checkRegistration,
  checkSource,
  findTwin,
  type RegisteredStream,
  type RegisterInput,
  type RegisterOptions,
  type Registration,
} from './registration.ts';
import { removeRecord } from './remove-record.ts';
import { type RunningEntry, type RunningStream, runningStream } from './running-session.ts';
import { runSession } from './session-runner.ts';
import { alreadyRegistered, alreadyRunning, neverRan, noSuchStream, shuttingDown } from './stream-errors.ts';
import type { StreamManagerDeps } from './stream-manager-deps.ts';
import { untilEnded } from './until-ended.ts';
import { createUploadLeases, type UploadLeases } from './upload-leases.ts';

/** Longest wait for the sessions when the server ends; in milliseconds, and less than the server itself waits. */
const CLOSE_MS = 9_000;

export class StreamManager {
  readonly #deps: StreamManagerDeps;
  readonly #running = new Map<string, RunningEntry>();
  /** By the id of a stream, or by the name that one is being registered under. */
  readonly #exclusively = createKeyedMutex();
  readonly #closing = new AbortController();
  readonly #uploads: UploadLeases;
  readonly #guard: CrashLoopGuard;
  #leftovers: SessionRecord[] | null = null;
  #restoring: Promise<void> = Promise.resolve();

  constructor(deps: StreamManagerDeps) {
    this.#deps = deps;
    this.#uploads = createUploadLeases(deps);
    this.#guard = new CrashLoopGuard(deps);
  }

  /**
   * Probes the source, stores the stream, and starts it unless `autoStart` is false.
   * One that is registered already, the same in everything, is given as it is.
   * @throws MienError BAD_INPUT, PURPOSE_REFUSED, CONFLICT (this name has this source with other settings), OVER_CAPACITY, and what probing throws
   */
  async register(input: RegisterInput, { shown, admit }: RegisterOptions = {}): Promise<RegisteredStream> {
    const registration = checkRegistration(input, this.#deps.allowPurposes ?? []);
    return this.#exclusively(`name ${registration.name}`, async () => {
      this.#closing.signal.throwIfAborted();
      const namesakes = await this.#deps.streams.byName(registration.name);
      const twin = findTwin(namesakes, registration, shown ?? null);
      if (twin?.isIdentical) return { ...twin.stream, alreadyRegistered: true };
      if (twin) throw alreadyRegistered(twin.stream);
      await admit?.();
      const { info, held } = await inspectSource(this.#deps, registration, this.#closing.signal);
      try {
        checkSource(registration, info);
        const store = () => this.#store(registration, held);
        const stream = await (registration.autoStart
          ? this.#deps.load.claimed(registration, info.live, store)
          : store());
        return { ...stream, alreadyRegistered: false };
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

  /**
   * At once, but for what the session that runs was begun with.
   * @throws MienError BAD_INPUT, NOT_FOUND, CONFLICT (another of this name has this source)
   */
  change(id: string, change: StreamChange, { shown }: RegisterOptions = {}): Promise<ChangedStream> {
    const work = async () =>
      changeStream(this.#deps, await this.#get(id), change, { shown, entry: this.#running.get(id) });
    const exclusively = () => this.#exclusively(id, work);
    // As registering does: first the name, then the stream.
    return change.name === undefined ? exclusively() : this.#exclusively(`name ${change.name}`, exclusively);
  }

  /** Begins a new session. @throws MienError NOT_FOUND, OVER_CAPACITY, CONFLICT when it runs already */
  start(id: string, words: Partial<SessionWords> = {}): Promise<SessionRecord> {
    return this.#exclusively(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      if (entry && !entry.session.ending) throw alreadyRunning(stream, entry.session.id);
      if (entry) await untilEnded(stream, entry, this.#deps.limits);
      return this.#deps.load.claimed(stream, null, () => this.#begin(stream, null, words));
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
        return untilEnded(stream, entry, this.#deps.limits);
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
      if (entry) await untilEnded(stream, entry, this.#deps.limits);
      await this.#uploads.offer(stream);
      try {
        await removeRecord(this.#deps.streams, id);
        this.#deps.publisher.removed(id);
      } finally {
        await this.#uploads.settle(stream);
      }
    });
  }

  running(): RunningStream[] {
    return [...this.#running].map(([streamId, { session }]) => runningStream(streamId, session));
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
   * session, unless that crashes the server. Suspects of a crash start in groups, one after another, also after this has resolved.
   */
  async restoreDesiredState(): Promise<void> {
    const start = (id: string) => this.#exclusively(id, () => this.#restart(id));
    const deps = { ...this.#deps, guard: this.#guard, start, stopping: this.#closing.signal };
    this.#restoring = (await restoreStreams(deps, this.#leftovers)).allStarted;
  }

  /** Drains all sessions, within ten seconds; they become INTERRUPTED, and start anew at the next boot. */
  async close(): Promise<void> {
    this.#closing.abort(shuttingDown());
    await settledWithin(this.#drain(), CLOSE_MS);
    for (const { streamId, sessionId } of this.running()) {
      this.#deps.log.error({ stream: streamId, session: sessionId }, 'a session did not drain in time');
    }
  }

  async #drain(): Promise<void> {
    const interrupt = () =>
      [...this.#running.values()].map(({ session, ended }) => {
        void session.stop('INTERRUPTED', 'The server was stopped.');
        return ended;
      });
    void interrupt();
    // What is being started or registered ends by itself, because the server closes.
    await Promise.all([this.#restoring, this.#exclusively.settled()]);
    await Promise.all(interrupt());
  }

  /** Asked again when its turn comes: meanwhile it may have been stopped, removed, or run to its end. */
  async #restart(id: string): Promise<{ ended: Promise<unknown> } | null> {
    const stream = await this.#deps.streams.get(id);
    if (!stream?.shouldRun || this.#running.has(id)) return null;
    await this.#begin(stream, null);
    return this.#running.get(id) ?? null;
  }

  async #begin(stream: StreamRecord, held: HeldSource | null, words = {}): Promise<SessionRecord> {
    this.#closing.signal.throwIfAborted();
    const { sessions, publisher, modelId } = this.#deps;
    const record = await sessions.create({ streamId: stream.id, modelId, words });
    publisher.status(stream.id, record);
    const session = runSession(this.#deps, stream, record, held);
    const ranWell = this.#guard.watch(stream.id);
    const ended = session.done.finally(async () => {
      await ranWell();
      this.#running.delete(stream.id);
    });
    this.#running.set(stream.id, { stream, session, ended });
    if (this.#closing.signal.aborted) void session.stop('INTERRUPTED', 'The server was stopped.');
    return record;
  }

  async #get(id: string): Promise<StreamRecord> {
    const stream = await this.#deps.streams.get(id);
    if (stream) return stream;
    throw noSuchStream(id);
  }
}
