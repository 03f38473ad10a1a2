/** Which workers were heard of lately: one that holds a lease and is not heard tells what happens there to nobody here. */
import type { Log } from '../domain/log.ts';

export interface WorkerPresenceOptions {
  /** From one look to the next, in milliseconds. */
  everyMs: number;
  log: Pick<Log, 'info' | 'warn'>;
}

/** So many looks long one may be silent: who has just come up, or has crashed, is. */
const LOOKS = 3;

export class WorkerPresence {
  readonly #options: WorkerPresenceOptions;
  /** When each was heard of last, by `performance.now()`. */
  readonly #heardAt = new Map<string, number>();
  /** Looks in a row at which one was silent. */
  #silences = 0;

  constructor(options: WorkerPresenceOptions) {
    this.#options = options;
  }

  note(worker: string): void {
    this.#heardAt.set(worker, performance.now());
  }

  /** Whether all of these, who are all there are, were heard of; that one is not is told once, when it lasts, and when it is over. */
  areHeard(workers: readonly string[]): boolean {
    for (const worker of this.#heardAt.keys()) if (!workers.includes(worker)) this.#heardAt.delete(worker);
    const since = performance.now() - LOOKS * this.#options.everyMs;
    const areHeard = workers.every(
      (worker) => (this.#heardAt.get(worker) ?? Number.NEGATIVE_INFINITY) > since,
    );
    this.#tell(areHeard);
    return areHeard;
  }

  #tell(areHeard: boolean): void {
    const { log } = this.#options;
    if (areHeard && this.#silences > LOOKS) log.info({}, 'all servers that run streams are heard again');
    this.#silences = areHeard ? 0 : this.#silences + 1;
    if (this.#silences === LOOKS + 1)
      log.warn(
        {},
        'a server that runs streams is not heard over NATS: what happens there is read from the database each second',
      );
  }
}
