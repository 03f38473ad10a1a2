/** Streams that other servers run: what needs a source or a model is asked of these, all else goes by the store. */
import type { Tags } from '../domain/access.ts';
import type { SessionRecord, SessionWords, StreamChange, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { StreamCommands, type StreamCommandsDeps } from './change-stop-remove.ts';
import type { ChangedStream } from './change-stream.ts';
import {
  checkRegistration,
  findTwin,
  type RegisteredStream,
  type RegisterInput,
  type RegisterOptions,
  type Registration,
} from './check-registration.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import { sameAs } from './store-registration.ts';

/** The servers that run streams, for one that runs none. */
export interface Workers {
  /** @throws MienError as registering and probing do; WORKER_UNAVAILABLE @returns the id of the stream */
  register(input: Registration, shown: Tags | null): Promise<{ id: string; alreadyRegistered: boolean }>;
  /** @throws MienError as starting does; WORKER_UNAVAILABLE @returns the id of the session */
  start(
    stream: Pick<StreamRecord, 'id' | 'source' | 'frameRate' | 'realtime'>,
    words: Partial<SessionWords>,
  ): Promise<string>;
}

export interface RemoteStreamsDeps extends Omit<StreamCommandsDeps, 'load'> {
  workers: Workers;
  /** Tags of a stream that another server stored are known here, too. */
  readTags(streamId: string): Promise<void>;
  /** Purposes that are prohibited unless named here. */
  allowPurposes?: readonly string[];
}

export class RemoteStreams {
  readonly #deps: RemoteStreamsDeps;
  readonly #exclusively = createKeyedMutex();
  readonly #commands: StreamCommands;

  constructor(deps: RemoteStreamsDeps) {
    this.#deps = deps;
    this.#commands = new StreamCommands(deps, { running: new Map(), exclusively: this.#exclusively });
  }

  /**
   * A worker looks at the source, stores the stream and starts it.
   * @throws MienError as `StreamManager.register` does; WORKER_UNAVAILABLE; BAD_INPUT: its video would be sent to mien
   */
  register(input: RegisterInput, options: RegisterOptions = {}): Promise<RegisteredStream> {
    const { streams, workers, readTags, allowPurposes = [] } = this.#deps;
    const { shown = null } = options;
    const registration = checkRegistration(input, allowPurposes);
    return this.#exclusively(`name ${registration.name}`, async () => {
      const twin = findTwin(await streams.byName(registration.name), registration, shown);
      if (twin) return sameAs(twin);
      await options.admit?.();
      if (registration.source.type === 'push') throw new MienError('BAD_INPUT', SENT_TO_MIEN);
      const { id, alreadyRegistered } = await workers.register(registration, shown);
      await readTags(id);
      return { ...(await this.#commands.get(id)), alreadyRegistered };
    });
  }

  /** @throws MienError NOT_FOUND, OVER_CAPACITY, WORKER_UNAVAILABLE; CONFLICT when it runs already, or its video is sent to mien */
  start(id: string, words: Partial<SessionWords> = {}): Promise<SessionRecord> {
    return this.#exclusively(id, async () => {
      const stream = await this.#commands.get(id);
      if (stream.source.type === 'push') throw new MienError('CONFLICT', SENT_TO_MIEN);
      const session = await this.#deps.sessions.get(await this.#deps.workers.start(stream, words));
      if (session) return session;
      throw new MienError('NOT_FOUND', `The session of the stream ${stream.name} was removed.`);
    });
  }

  change(id: string, change: StreamChange, options: RegisterOptions = {}): Promise<ChangedStream> {
    return this.#commands.change(id, change, options);
  }

  stop(id: string): Promise<SessionRecord> {
    return this.#commands.stop(id);
  }

  remove(id: string): Promise<void> {
    return this.#commands.remove(id);
  }
}

const SENT_TO_MIEN =
  'Video that is sent to mien needs a server that is all in one: ask a `mien serve` on the same database, and send it there. This is a `mien api`, which takes no video.';
