/** What can be done to a registered stream at any server, whichever runs it: changed, stopped, removed. */
import type { SessionRecord, StreamChange, StreamRecord } from '../domain/stream.ts';
import type { MienError } from '../errors.ts';
import { awaitSessionEnd } from './await-session-end.ts';
import { type ChangeDeps, type ChangedStream, changeStream } from './change-stream.ts';
import type { RegisterOptions } from './check-registration.ts';
import { type ElsewhereDeps, untilEndedElsewhere } from './end-elsewhere.ts';
import { idempotentRemove } from './idempotent-remove.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { StreamRepository } from './ports.ts';
import type { RunningEntry } from './running-session.ts';
import { neverRan, noSuchStream, wasRemoved } from './stream-errors.ts';
import { createUploadLeases, type UploadLeases, type UploadLeasesDeps } from './upload-leases.ts';

export interface StreamCommandsDeps extends UploadLeasesDeps, ElsewhereDeps, Pick<ChangeDeps, 'load'> {
  streams: StreamRepository;
  sessions: ElsewhereDeps['sessions'] & ChangeDeps['sessions'];
}

/** Those that run here, by stream; and by the id of a stream, or by the name that one is being registered under. */
export interface Here {
  running: ReadonlyMap<string, RunningEntry>;
  exclusively: KeyedMutex;
}

export class StreamCommands {
  readonly #deps: StreamCommandsDeps;
  readonly #here: Here;
  readonly #uploads: UploadLeases;

  constructor(deps: StreamCommandsDeps, here: Here) {
    this.#deps = deps;
    this.#here = here;
    this.#uploads = createUploadLeases(deps);
  }

  /**
   * At once, but for what the session that runs was begun with.
   * @throws MienError BAD_INPUT, NOT_FOUND, CONFLICT (another of this name has this source)
   */
  change(id: string, change: StreamChange, { shown }: RegisterOptions = {}): Promise<ChangedStream> {
    const { running, exclusively } = this.#here;
    const work = async () =>
      changeStream(this.#deps, await this.get(id), change, { shown, entry: running.get(id) });
    const ofStream = () => exclusively(id, work);
    // As registering does: first the name, then the stream.
    return change.name === undefined ? ofStream() : exclusively(`name ${change.name}`, ofStream);
  }

  /**
   * Drains, then ends the session; of a stream that does not run, returns the last session as it is.
   * @throws MienError NOT_FOUND, CONFLICT when it never ran
   */
  stop(id: string): Promise<SessionRecord> {
    return this.#here.exclusively(id, async () => {
      const stream = await this.get(id);
      const last = await this.#end(stream);
      if (last) return last;
      throw neverRan(stream);
    });
  }

  /** With all that was recorded from it, and its upload when no other stream uses that. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void> {
    return this.#here.exclusively(id, async () => {
      const stream = await this.get(id);
      await this.#end(stream, wasRemoved(stream));
      await this.#uploads.offer(stream);
      try {
        await idempotentRemove(this.#deps.streams, id);
        this.#deps.publisher.removed(id);
      } finally {
        await this.#uploads.settle(stream);
      }
    });
  }

  /** @throws MienError NOT_FOUND */
  async get(id: string): Promise<StreamRecord> {
    const stream = await this.#deps.streams.get(id);
    if (stream) return stream;
    throw noSuchStream(id);
  }

  /** Wherever it runs. @returns its last session; null: it never ran */
  async #end(stream: StreamRecord, toSender?: MienError): Promise<SessionRecord | null> {
    const entry = this.#here.running.get(stream.id);
    await this.#deps.streams.setShouldRun(stream.id, false);
    void entry?.session.stop('ENDED', undefined, toSender);
    return entry
      ? awaitSessionEnd(stream, entry, this.#deps.limits)
      : untilEndedElsewhere(this.#deps, stream);
  }
}
