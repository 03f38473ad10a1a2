/**
 * Erases what was recorded, one request after the other, also where it runs: sessions that go as a whole are stopped first; of
 * those that go on, what is still on its way to subscribers is let go of.
 */
import type { ErasureOrder, ErasureStep, LiveSession } from '../domain/erasure.ts';
import type { LiveEvent } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';
import { type Backoff, createBackoff } from '../threads/backoff.ts';
import { repeat } from '../threads/repeat.ts';
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
/** From one look to the next at what another server began, and does not do any more. */
const LOOK_AROUND_MS = 30_000;
/** Longest wait of the end for the one under way. */
const CLOSE_MS = 5_000;

interface BegunErasure {
  id: string;
  steps: readonly ErasureStep[];
  /** Who asked for it waits for it; else another server may do it. */
  isOwn: boolean;
}

export class Eraser {
  readonly #deps: EraserDeps;
  readonly #again = new AbortController();
  #last: Promise<void> = Promise.resolve();
  /** Those that wait here, or are done here now. */
  readonly #under = new Set<string>();
  #stopLooking: (() => Promise<void>) | null = null;

  constructor(deps: EraserDeps) {
    this.#deps = deps;
  }

  /** Waits for the one under way, some seconds at most; what fails from now on goes on at another server, or at the next start. */
  async close(): Promise<void> {
    this.#again.abort();
    void this.#stopLooking?.();
    await settledWithin(this.#last, CLOSE_MS);
  }

  /**
   * @returns the id of the record; once all is gone, or after half a minute, while it goes on
   * @throws MienError NOT_FOUND; CONFLICT where it runs and cannot be erased like that
   */
  async erase(order: ErasureOrder): Promise<string> {
    const { id, steps } = await this.#begin(order);
    const running = this.#enqueue({ id, steps, isOwn: true });
    await settledWithin(running, ANSWER_MS);
    return id;
  }

  /** Goes on with what the end of a server has cut off, before any stream is started; then looks for that every half a minute. */
  async resume(): Promise<void> {
    await this.#takeUp();
    if (this.#again.signal.aborted) return;
    this.#stopLooking = repeat(LOOK_AROUND_MS, async (isFirst) => {
      if (!isFirst) await this.#takeUp().catch((error: unknown) => this.#tellInVain(error));
    });
  }

  async #takeUp(): Promise<void> {
    for (const left of await this.#deps.erasures.unfinished()) {
      if (this.#again.signal.aborted) return;
      if (!this.#under.has(left.id)) await this.#enqueue({ ...left, isOwn: false });
    }
  }

  #tellInVain(error: unknown): void {
    this.#deps.log.warn({ err: error }, 'could not look for erasures that were cut off; it is tried again');
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
    this.#under.add(begun.id);
    this.#last = this.#last.then(() => this.#run(begun, pauses));
    return this.#last;
  }

  async #run(begun: BegunErasure, pauses: Backoff): Promise<void> {
    const { log } = this.#deps;
    try {
      if (await this.#isDone(begun)) this.#told(begun);
      else if (begun.isOwn) void this.#runAgain(begun, pauses);
      else this.#under.delete(begun.id);
    } catch (error) {
      log.error({ err: error, erasure: begun.id }, 'an erasure was cut off; it is tried again');
      void this.#runAgain(begun, pauses);
    }
  }

  #isDone({ id }: BegunErasure): Promise<boolean> {
    const { erasures, uploads, streams } = this.#deps;
    return erasures.run(id, {
      removeStream: (streamId) => streams.remove(streamId),
      removeUpload: (token) => uploads.release(token),
    });
  }

  #told({ id, steps, isOwn }: BegunErasure): void {
    this.#under.delete(id);
    this.letGo(steps);
    this.#deps.tell?.(steps);
    this.#deps.log.info({ erasure: id }, isOwn ? 'erased' : 'an erasure that was cut off is done');
  }

  /** Behind those that came meanwhile. */
  async #runAgain(begun: BegunErasure, pauses: Backoff): Promise<void> {
    await sleep(pauses.next(), this.#again.signal);
    if (!this.#again.signal.aborted) await this.#enqueue(begun, pauses);
  }
}
