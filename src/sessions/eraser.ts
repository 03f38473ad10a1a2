/**
 * Erases what was recorded, one request after the other, also where it runs: sessions that go as a whole are stopped first; of
 * those that go on, what is still on its way to subscribers is let go of.
 */
import type { ErasureOrder, ErasureStep, LiveSession } from '../domain/erasure.ts';
import type { LiveEvent } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import { type Backoff, createBackoff } from '../threads/backoff.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { sleep } from '../threads/sleep.ts';
import type { ErasureStore, UploadStore } from './erasure-ports.ts';
import { isErased } from './is-erased.ts';
import type { StreamManager } from './stream-manager.ts';

export interface EraserDeps {
  erasures: ErasureStore;
  streams: Pick<StreamManager, 'running' | 'stop' | 'remove'>;
  uploads: Pick<UploadStore, 'release'>;
  /** bus: lets go of events that wait for a subscriber. */
  forget(isGone: (event: LiveEvent) => boolean): void;
  /** bus: tells other servers what was erased, for their `letGo`; without it there is none. */
  tell?(steps: readonly ErasureStep[]): void;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** Longest wait for an answer; what takes longer goes on. */
const ANSWER_MS = 30_000;
/** How long a session that runs may take to store two moments behind the stretch; and from one look to the next. */
const BEHIND_MS = 10_000;
const LOOK_MS = 250;
/** From one try to the next of an erasure that failed. */
const PAUSES = { shortest: 1_000, longest: 60_000 };
/** Longest wait of the end for the one under way. */
const CLOSE_MS = 5_000;

interface BegunErasure {
  id: string;
  steps: readonly ErasureStep[];
}

export class Eraser {
  readonly #deps: EraserDeps;
  readonly #again = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(deps: EraserDeps) {
    this.#deps = deps;
  }

  /** Waits for the one under way, some seconds at most; what fails from now on goes on at the next start. */
  async close(): Promise<void> {
    this.#again.abort();
    await settledWithin(this.#last, CLOSE_MS);
  }

  /**
   * @returns the id of the record; once all is gone, or after half a minute, while it goes on
   * @throws MienError NOT_FOUND; CONFLICT where it runs and cannot be erased like that
   */
  async erase(order: ErasureOrder): Promise<string> {
    const { id, steps } = await this.#begin(order);
    const running = this.#enqueue({ id, steps });
    await settledWithin(running, ANSWER_MS);
    return id;
  }

  /** Goes on with what the last end of the server has cut off; before any stream is started. */
  async resume(): Promise<void> {
    const { erasures, log } = this.#deps;
    for (const id of await erasures.unfinished()) {
      log.info({ erasure: id }, 'going on with an erasure that was cut off');
      await this.#enqueue({ id, steps: [] });
    }
  }

  /** Of what was erased, here or by another server: afterwards, since whoever misses a moment looks for it in the store. */
  letGo(steps: readonly ErasureStep[]): void {
    this.#deps.forget((event) => steps.some((step) => isErased(step, event)));
    for (const { sessionId, forget } of this.#deps.streams.running()) {
      for (const step of steps) if (step.do === 'STRETCH' && step.sessionId === sessionId) forget(step.until);
    }
  }

  /** A stretch up to this moment: what a session has in hand must be stored first. */
  async #begin(order: ErasureOrder): ReturnType<ErasureStore['begin']> {
    const until = performance.now() + (order.request.type === 'RANGE' ? BEHIND_MS : 0);
    for (;;) {
      try {
        return await this.#deps.erasures.begin(order, (live) => this.#stop(live));
      } catch (error) {
        const isEarly = error instanceof MienError && error.code === 'CONFLICT' && performance.now() < until;
        if (!isEarly) throw error;
        await sleep(LOOK_MS);
      }
    }
  }

  /** Wherever they run. */
  async #stop(live: readonly LiveSession[]): Promise<void> {
    for (const { streamId } of live) await this.#deps.streams.stop(streamId);
  }

  #enqueue(begun: BegunErasure, pauses = createBackoff(PAUSES)): Promise<void> {
    this.#last = this.#last.then(() => this.#run(begun, pauses));
    return this.#last;
  }

  async #run(begun: BegunErasure, pauses: Backoff): Promise<void> {
    const { erasures, uploads, streams, log } = this.#deps;
    try {
      await erasures.run(begun.id, {
        removeStream: (streamId) => streams.remove(streamId),
        removeUpload: (token) => uploads.release(token),
      });
      this.letGo(begun.steps);
      this.#deps.tell?.(begun.steps);
      log.info({ erasure: begun.id }, 'erased');
    } catch (error) {
      log.error({ err: error, erasure: begun.id }, 'an erasure was cut off; it is tried again');
      void this.#runAgain(begun, pauses);
    }
  }

  /** Behind those that came meanwhile. */
  async #runAgain(begun: BegunErasure, pauses: Backoff): Promise<void> {
    await sleep(pauses.next(), this.#again.signal);
    if (!this.#again.signal.aborted) await this.#enqueue(begun, pauses);
  }
}
