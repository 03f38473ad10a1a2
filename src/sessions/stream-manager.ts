/** The registry of streams and what runs: registers, starts, stops, removes, resumes after a crash, and drains. */
import type { SourceInfo } from '../domain/frame.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';
import { type Boots, createBoots } from './boots.ts';
import { createTurns } from './keyed-mutex.ts';
import type { SessionBook, SessionIndex, StreamBook, Uploads } from './ports.ts';
import { probeInTime } from './probe.ts';
import { checkRegistration, checkSource, isSameSource, type RegisterInput } from './registration.ts';
import { type RunningSession, runSession, type SessionDeps } from './session-runner.ts';
import { createShelf, type Shelf } from './shelf.ts';

export interface StreamsDeps extends Omit<SessionDeps, 'sessions'> {
  streams: StreamBook;
  sessions: SessionBook & Pick<SessionIndex, 'latest' | 'live'>;
  /** Of the model that scores, as `Query.models` names it. */
  modelId: string;
  uploads?: Uploads;
  /** Purposes that are prohibited unless named here. */
  allowPurposes?: readonly string[];
}

export interface Streams {
  /**
   * Probes the source, stores the stream, and starts it unless `autoStart` is false.
   * @throws MienError BAD_INPUT, PURPOSE_REFUSED, CONFLICT (this name has this source already), and what probing throws
   */
  register(input: RegisterInput): Promise<StreamRecord>;
  /** Begins a new session. @throws MienError NOT_FOUND, CONFLICT when it runs already */
  start(id: string): Promise<SessionRecord>;
  /**
   * Drains, then ends the session; of a stream that does not run, returns the last session as it is.
   * @throws MienError NOT_FOUND, CONFLICT when it never ran
   */
  stop(id: string): Promise<SessionRecord>;
  /** With all that was recorded from it, and its upload when no other stream uses that. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
  running(): { streamId: string; sessionId: string }[];
  /** Once, at boot, before anyone may start a stream: all sessions that are live now were left by a crash. */
  noteLeft(): Promise<void>;
  /**
   * Once, at boot: what was noted, or is live now, becomes INTERRUPTED; streams that should run start a new session,
   * unless that crashes the server.
   */
  resumeWanted(): Promise<void>;
  /** Drains all sessions, within ten seconds; they become INTERRUPTED, and start anew at the next boot. */
  close(): Promise<void>;
}

const CLOSE_MS = 10_000;

export function createStreams(deps: StreamsDeps): Streams {
  return new Conductor(deps);
}

class Conductor implements Streams {
  readonly #deps: StreamsDeps;
  readonly #running = new Map<string, { session: RunningSession; over: Promise<SessionRecord> }>();
  readonly #turn = createTurns();
  readonly #closing = new AbortController();
  readonly #shelf: Shelf;
  readonly #boots: Boots;
  #left: SessionRecord[] | null = null;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
    this.#shelf = createShelf(deps);
    this.#boots = createBoots(deps);
  }

  register(input: RegisterInput): Promise<StreamRecord> {
    const registration = checkRegistration(input, this.#deps.allowPurposes ?? []);
    return this.#turn(`name ${registration.name}`, async () => {
      this.#closing.signal.throwIfAborted();
      const namesakes = await this.#deps.streams.byName(registration.name);
      const twin = namesakes.find(({ source }) => isSameSource(source, registration.source));
      if (twin) {
        const sentence = `The stream ${registration.name} is registered with this source already (${twin.id}). Start that one, or give this one another name.`;
        throw new MienError('CONFLICT', sentence);
      }
      const info = await probeInTime(this.#deps.probe, registration.source, this.#closing.signal);
      checkSource(registration, info);
      const { autoStart, ...stream } = registration;
      const record = await this.#deps.streams.create(stream);
      await this.#shelf.take(record);
      if (!autoStart) return record;
      await this.#turn(record.id, () => this.#begin(record, info));
      return { ...record, wanted: true };
    });
  }

  start(id: string): Promise<SessionRecord> {
    return this.#turn(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      if (entry?.session.ending) await entry.over;
      else if (entry) {
        const sentence = `The stream ${stream.name} is running already (session ${entry.session.id}). Stop it first to begin a new session.`;
        throw new MienError('CONFLICT', sentence);
      }
      return this.#begin(stream, null);
    });
  }

  stop(id: string): Promise<SessionRecord> {
    return this.#turn(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      await this.#deps.streams.setWanted(id, false);
      if (entry) {
        void entry.session.stop('ENDED');
        return entry.over;
      }
      const last = await this.#deps.sessions.latest(id);
      if (last) return last;
      throw new MienError(
        'CONFLICT',
        `The stream ${stream.name} has never run, so there is nothing to stop.`,
      );
    });
  }

  remove(id: string): Promise<void> {
    return this.#turn(id, async () => {
      const stream = await this.#get(id);
      const entry = this.#running.get(id);
      void entry?.session.stop('ENDED');
      await entry?.over;
      await this.#removeRecord(id);
      this.#deps.publisher.removed(id);
      await this.#shelf.release(stream);
    });
  }

  running() {
    return [...this.#running].map(([streamId, { session }]) => ({ streamId, sessionId: session.id }));
  }

  async noteLeft(): Promise<void> {
    this.#left = await this.#deps.sessions.live();
  }

  async resumeWanted(): Promise<void> {
    const { sessions, streams, publisher, log } = this.#deps;
    if (this.#left === null) await this.noteLeft();
    const left = this.#left ?? [];
    const interrupted = await sessions.interruptLive(left.map(({ id }) => id));
    for (const session of interrupted) publisher.status(session.streamId, session);
    for (const { id } of await streams.wanted()) {
      const cut = interrupted.find(({ streamId }) => streamId === id);
      await this.#turn(id, () => this.#resume(id, cut)).catch((error) =>
        log.error({ err: error, stream: id }, 'could not start a stream again'),
      );
    }
  }

  /** Asked again in its turn: meanwhile it may have been stopped, removed, or run to its end. */
  async #resume(id: string, cut: SessionRecord | undefined): Promise<void> {
    const stream = await this.#deps.streams.get(id);
    if (!stream?.wanted || this.#running.has(id)) return;
    if (await this.#boots.mayResume(stream, cut)) await this.#begin(stream, null);
  }

  async close(): Promise<void> {
    this.#closing.abort(shuttingDown());
    const entries = [...this.#running.values()];
    for (const { session } of entries) void session.stop('INTERRUPTED', 'The server was stopped.');
    const timer = new AbortController();
    await Promise.race([Promise.all(entries.map(({ over }) => over)), sleep(CLOSE_MS, timer.signal)]);
    timer.abort();
    for (const { streamId, sessionId } of this.running()) {
      this.#deps.log.error({ stream: streamId, session: sessionId }, 'a session did not drain in time');
    }
  }

  async #begin(stream: StreamRecord, info: SourceInfo | null): Promise<SessionRecord> {
    this.#closing.signal.throwIfAborted();
    const { streams, sessions, publisher, modelId } = this.#deps;
    await streams.setWanted(stream.id, true);
    const record = await sessions.create({ streamId: stream.id, modelId });
    publisher.status(stream.id, record);
    const session = runSession(this.#deps, stream, record, info);
    this.#boots.watch(stream.id, session.done);
    const over = session.done.then((ended) => this.#ended(stream.id, ended));
    this.#running.set(stream.id, { session, over });
    if (this.#closing.signal.aborted) void session.stop('INTERRUPTED', 'The server was stopped.');
    return record;
  }

  /** A session that ended by itself is not wanted any more; one that the server's end interrupted still is. */
  async #ended(streamId: string, session: SessionRecord): Promise<SessionRecord> {
    try {
      if (session.state === 'ENDED' || session.state === 'FAILED') {
        await this.#deps.streams.setWanted(streamId, false);
      }
    } catch (error) {
      this.#deps.log.warn({ err: error, stream: streamId }, 'could not note that a stream ended');
    }
    this.#running.delete(streamId);
    return session;
  }

  /** Where the answer was lost, but not the removal, there is still something to tell and an upload to let go of. */
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
    throw new MienError('NOT_FOUND', `There is no stream ${id}.`);
  }
}

function shuttingDown(): MienError {
  return new MienError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.');
}
