/** The sessions that run here, by stream, and the streams of which one is being begun. */
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { interruptAll, type RunningEntry, type RunningSession, TAKEN_OVER } from './running-session.ts';

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

  /** These, as far as they run here: who told of them may be late, and their streams have begun others since. */
  stop(sessions: readonly SessionRecord[]): void {
    for (const { id, streamId } of sessions) {
      const session = this.get(streamId)?.session;
      if (session?.id === id) void session.stop('ENDED');
    }
  }

  /**
   * What runs here and is not live in the store was ended or taken over by another server, while this one stood still: it ends
   * here, too, also where it has nothing to store by which it would notice.
   * @param readOwn reads all live sessions that are this server's
   * @returns those of them that do not run here
   */
  async compare(readOwn: () => Promise<SessionRecord[]>): Promise<SessionRecord[]> {
    // What is begun meanwhile may not have been read.
    const before = [...this.values()];
    const own = await readOwn();
    const ids = new Set(own.map(({ id }) => id));
    const lost = before.filter(({ session }) => !session.ending && !ids.has(session.id));
    void interruptAll(lost, TAKEN_OVER);
    return own.filter((session) => !this.#mayRun(session));
  }

  /** Whether it runs here; also where its stream is being begun, because it may be the one that is. */
  #mayRun({ id, streamId }: SessionRecord): boolean {
    return this.get(streamId)?.session.id === id || this.#beginning.has(streamId);
  }
}
