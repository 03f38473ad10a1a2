/** Whether this server may read what is live: closed, all sources that can be opened again are, and wait until it is open. */
import { MienError } from '../errors.ts';
import { whenAborted } from '../threads/when-aborted.ts';

export class LiveSourceGate {
  #closing = new AbortController();
  #opening = new AbortController();

  constructor() {
    this.#opening.abort();
  }

  /** Aborts when it is closed next. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#opening = new AbortController();
    this.#closing.abort(closed());
  }

  open(): void {
    if (!this.#closing.signal.aborted) return;
    this.#closing = new AbortController();
    this.#opening.abort();
  }

  /** Resolves when it is open, or `signal` aborts. */
  async untilOpen(signal: AbortSignal): Promise<void> {
    while (!this.#opening.signal.aborted && !signal.aborted) {
      await whenAborted(AbortSignal.any([this.#opening.signal, signal]));
    }
  }
}

/** As a source that was lost says it. */
function closed(): MienError {
  return new MienError(
    'SOURCE_FAILED',
    'The database was away for so long that another server may run this stream now; the source is opened again if none does.',
  );
}
