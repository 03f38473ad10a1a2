/** Tells the watcher before a lease runs out by this machine's clock, and again when it was renewed after all. */

import type { LeaseWatcher } from '../../domain/lease-watcher.ts';
import type { Log } from '../../domain/log.ts';

export interface LapseOptions {
  /** Milliseconds that the lease lasts without being renewed. */
  ttl: number;
  log: Pick<Log, 'info' | 'error'> | undefined;
  watcher(): LeaseWatcher | null;
}

/** So much of the lease is left when the watcher is told. */
const SPARE = 0.1;

export class Lapse {
  readonly #options: LapseOptions;
  #timer?: NodeJS.Timeout;
  #lapsed = false;

  constructor(options: LapseOptions) {
    this.#options = options;
  }

  /**
   * It holds from `askedAt` on, by `performance.now()`.
   * @param alone nobody else is there to take over: then it is as if it were held, and what is scored waits for the database
   */
  held(worker: string, askedAt: number, alone: boolean): void {
    const { ttl, log, watcher } = this.#options;
    this.stop();
    if (ttl === Number.POSITIVE_INFINITY) return;
    const left = askedAt + ttl * (1 - SPARE) - performance.now();
    if (!alone) this.#timer = setTimeout(() => this.#lapses(worker), left).unref();
    if (!this.#lapsed) return;
    this.#lapsed = false;
    log?.info({ worker }, 'the lease was renewed, and nobody has taken over: sources are opened again');
    watcher()?.renewed();
  }

  /** It was taken over: there is nothing to tell any more. */
  over(): void {
    this.stop();
    this.#lapsed = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #lapses(worker: string): void {
    const { log, watcher } = this.#options;
    this.#lapsed = true;
    log?.error(
      { worker },
      'the lease could not be renewed, and runs out: sources are closed, because another server may take over',
    );
    watcher()?.lapsed();
  }
}
