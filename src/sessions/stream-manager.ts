/** The registered streams and their running sessions: registers, starts, stops, removes, restores after a crash, drains. */

import type { LeaseWatcher } from '../domain/lease-watcher.ts';
import {
  type SessionRecord,
  type SessionWords,
  type StreamChange,
  type StreamRecord,
  sessionSettings,
} from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { awaitSessionEnd } from './await-session-end.ts';
import { StreamCommands } from './change-stop-remove.ts';
import type { ChangedStream } from './change-stream.ts';
import {
  checkRegistration,
  checkSource,
  findTwin,
  type RegisteredStream,
  type RegisterInput,
  type RegisterOptions,
  type Registration,
} from './check-registration.ts';
import { CrashLoopGuard } from './crash-loop-guard.ts';
import { DesiredState } from './desired-state.ts';
import { type HeldSource, inspectSource } from './inspect-source.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import { createLeaseWatcher } from './lease-watcher.ts';
import { LiveSourceGate } from './live-source-gate.ts';
import { interruptAll, type RunningStream, runningStream } from './running-session.ts';
import { RunningSessions } from './running-sessions.ts';
import { runSession } from './session-runner.ts';
import { sameAs, storeRegistration } from './store-registration.ts';
import { alreadyRunning, shuttingDown } from './stream-errors.ts';
import type { StreamManagerDeps } from './stream-manager-deps.ts';
import { createUploadLeases, type UploadLeases } from './upload-leases.ts';

/** Longest wait for the sessions when the server ends; in milliseconds, and less than the server itself waits. */
const CLOSE_MS = 9_000;
const STOPPED = 'The server was stopped.';

/** Of the session that begins. */
type BeginOptions = { words?: Partial<SessionWords>; again?: boolean };

export class StreamManager {
  /** What a crash left, and what should run. */
  readonly desired: DesiredState;
  readonly #deps: StreamManagerDeps;
  readonly #running = new RunningSessions();
  /** By the id of a stream, or by the name that one is being registered under. */
  readonly #exclusively = createKeyedMutex();
  readonly #closing = new AbortController();
  readonly #uploads: UploadLeases;
  readonly #commands: StreamCommands;
  readonly #guard: CrashLoopGuard;
  readonly #gate = new LiveSourceGate();

  constructor(deps: StreamManagerDeps) {
    this.#deps = deps;
    this.#uploads = createUploadLeases(deps);
    this.#commands = new StreamCommands(deps, { running: this.#running, exclusively: this.#exclusively });
    this.#guard = new CrashLoopGuard(deps);
    this.desired = new DesiredState({
      ...{ ...deps, guard: this.#guard, stopping: this.#closing.signal },
      start: (id) => this.#exclusively(id, () => this.#restart(id)),
      running: this.#running,
    });
  }

  /**
   * Probes the source, stores the stream, and starts it unless `autoStart` is false.
   * One that is registered already, the same in everything, is given as it is.
   * @throws MienError BAD_INPUT, PURPOSE_REFUSED, CONFLICT (this name has this source with other settings), OVER_CAPACITY, and what probing throws
   */
  async register(input: RegisterInput, options: RegisterOptions = {}): Promise<RegisteredStream> {
    const { allowPurposes = [], known = (source) => source } = this.#deps;
    const registration = checkRegistration({ ...input, source: known(input.source) }, allowPurposes);
    return this.#exclusively(`name ${registration.name}`, async () => {
      this.#closing.signal.throwIfAborted();
      const namesakes = await this.#deps.streams.byName(registration.name);
      const twin = findTwin(namesakes, registration, options.shown ?? null);
      if (twin) return sameAs(twin);
      await options.admit?.();
      const { info, held } = await inspectSource(this.#deps, registration, this.#closing.signal);
      try {
        checkSource(registration, info);
        const store = () => this.#store(registration, held, options);
        const stream = await (registration.autoStart
          ? this.#deps.load.claimed(registration, info.live, store)
          : store());
        if (stream.alreadyRegistered) held?.stop();
        return stream;
      } catch (error) {
        held?.stop();
        throw error;
      }
    });
  }

  async #store(registration: Registration, held: HeldSource | null, { shown }: RegisterOptions) {
    const record = await storeRegistration(this.#deps, registration, shown);
    if (record.alreadyRegistered) return record;
    return this.#exclusively(record.id, async () => {
      await this.#uploads.acquire(record);
      if (registration.autoStart) await this.#beginFirst(record, held);
      return { ...(await this.#commands.get(record.id)), alreadyRegistered: false };
    });
  }

  /** Since it is stored, and should run, others see it: where it is begun or stopped by one, it is registered all the same. */
  async #beginFirst(stream: StreamRecord, held: HeldSource | null): Promise<void> {
    if (this.#running.has(stream.id)) return held?.stop();
    try {
      await this.#begin(stream, held, { again: true });
    } catch (error) {
      if (!(error instanceof MienError && error.code === 'CONFLICT')) {
        this.desired.lookAround();
        throw error;
      }
      held?.stop();
    }
  }

  /** As `StreamCommands` does. */
  change(id: string, change: StreamChange, options: RegisterOptions = {}): Promise<ChangedStream> {
    return this.#commands.change(id, change, options);
  }

  /** Begins a new session. @throws MienError NOT_FOUND, OVER_CAPACITY, CONFLICT when it runs already */
  start(id: string, words: Partial<SessionWords> = {}): Promise<SessionRecord> {
    return this.#exclusively(id, async () => {
      const stream = await this.#commands.get(id);
      const entry = this.#running.get(id);
      if (entry && !entry.session.ending) throw alreadyRunning(stream, entry.session.id);
      if (entry) await awaitSessionEnd(stream, entry, this.#deps.limits);
      return this.#deps.load.claimed(stream, null, () => this.#begin(stream, null, { words }));
    });
  }

  stop(id: string): Promise<SessionRecord> {
    return this.#commands.stop(id);
  }

  remove(id: string): Promise<void> {
    return this.#commands.remove(id);
  }

  running(): RunningStream[] {
    return [...this.#running].map(([streamId, { session }]) => runningStream(streamId, session));
  }

  /** How many sessions this server ever began. */
  get begun(): number {
    return this.#running.begun;
  }

  /** Whether it starts no more sessions. */
  get closing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** What is told of the lease by which this server runs sessions. */
  get leaseWatcher(): LeaseWatcher {
    return createLeaseWatcher({ running: this.#running, gate: this.#gate, desired: this.desired });
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
    const interrupt = () => interruptAll(this.#running.values(), STOPPED);
    void interrupt();
    // What is being started or registered ends by itself, because the server closes.
    await Promise.all([this.desired.settled(), this.#exclusively.settled()]);
    await interrupt();
  }

  /** Asked again when its turn comes: meanwhile it may have been stopped, removed, or run to its end. */
  async #restart(id: string): Promise<{ ended: Promise<unknown> } | null> {
    const stream = await this.#deps.streams.get(id);
    if (!stream?.shouldRun || this.#running.has(id)) return null;
    await this.#begin(stream, null, { again: true });
    return this.#running.get(id) ?? null;
  }

  #begin(stream: StreamRecord, held: HeldSource | null, more: BeginOptions = {}): Promise<SessionRecord> {
    return this.#running.begin(stream.id, async () => {
      this.#closing.signal.throwIfAborted();
      const { sessions, publisher, modelId, log } = this.#deps;
      const settings = sessionSettings(stream);
      const record = await sessions.create({ streamId: stream.id, modelId, settings, ...more });
      log.debug({ stream: stream.id, session: record.id }, 'a session began');
      publisher.status(stream.id, record);
      const session = runSession({ ...this.#deps, gate: this.#gate }, stream, record, held);
      this.#running.add(stream, session, this.#guard.watch(stream.id));
      if (this.#closing.signal.aborted) void session.stop('INTERRUPTED', STOPPED);
      return record;
    });
  }
}
