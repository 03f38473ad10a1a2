/** The sessions that run here, by stream, and the streams of which one is being begun. */
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import type { RunningEntry, RunningSession } from './running-session.ts';

export class RunningSessions extends Map<string, RunningEntry> {
  readonly #beginning = new Set<string>();
  #begun = 0;

  /** How many run, or are being begun. */
  get count(): number {
    return this.size + this.#beginning.size;
  }

  /** How many were ever begun here. */
  get begun(): number {
    return this.#begun;
  }

  /** @param begin stores a session of this stream, and puts it here */
  async begin<T>(streamId: string, begin: () => Promise<T>): Promise<T> {
    this.#beginning.add(streamId);
    try {
      return await begin();
    } finally {
      this.#beginning.delete(streamId);
    }
  }

  /** It is here until it has ended, and `onEnded` has resolved. */
  add(stream: StreamRecord, session: RunningSession, onEnded: () => Promise<void>): void {
    const ended = session.done.finally(async () => {
      await onEnded();
      this.delete(stream.id);
    });
    this.#begun += 1;
    this.set(stream.id, { stream, session, ended });
  }

  /** Whether it runs here; also where its stream is being begun, because it may be the one that is. */
  mayRun({ id, streamId }: SessionRecord): boolean {
    return this.get(streamId)?.session.id === id || this.#beginning.has(streamId);
  }
}
