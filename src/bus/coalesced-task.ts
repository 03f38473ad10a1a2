/** Work that is asked for again and again is done once for all who asked meanwhile, never twice at once, and again until it succeeds. */
import { sleep } from '../threads/sleep.ts';

export interface CoalescedTaskOptions {
  work(): Promise<void>;
  onError(error: unknown): void;
  /** From one run to the next, and to the next after one that failed; in milliseconds. */
  pauseMs?: number;
  retryMs?: number;
}

const PAUSE_MS = 100;
const RETRY_MS = 1_000;

export class CoalescedTask {
  readonly #options: Required<CoalescedTaskOptions>;
  readonly #closing = new AbortController();
  #isWanted = false;
  #running: Promise<void> | null = null;

  constructor(options: CoalescedTaskOptions) {
    this.#options = { pauseMs: PAUSE_MS, retryMs: RETRY_MS, ...options };
  }

  /** Begins at once, or after the run under way. */
  request(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Waits for the run under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { work, onError, pauseMs, retryMs } = this.#options;
    const { signal } = this.#closing;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      let pause = pauseMs;
      try {
        await work();
      } catch (error) {
        onError(error);
        this.#isWanted = true;
        pause = retryMs;
      }
      await sleep(pause, signal);
    }
    this.#running = null;
  }
}
