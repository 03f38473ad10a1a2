import { PictureProcess } from './picture-process.ts';

/** Between two tries to start one that did not come up: each costs a tenth of a second of processor time. */
const RETRY_MS = 10_000;

/** The one process that decodes, or encodes, pictures: started when it is asked for, and replaced when it is gone. */
export class SupervisedPictureProcess {
  readonly #prefix: () => Promise<readonly string[]>;
  readonly #retryMs: number;
  #current: Promise<PictureProcess> | null = null;
  /** Of those that run, and of one that starts. */
  #stopping = new AbortController();
  #isClosed = false;

  /** @param prefix what comes before its command, so that it runs without a network */
  constructor(prefix: () => Promise<readonly string[]>, retryMs = RETRY_MS) {
    this.#prefix = prefix;
    this.#retryMs = retryMs;
  }

  /** One that did not come up is given for a while, since the next would not either. Null: closed. @throws what starting it does */
  async get(): Promise<PictureProcess | null> {
    if (this.#isClosed) return null;
    this.#current ??= this.#start();
    const asked = this.#current;
    const found = await asked;
    if (!found.isGone || this.#isStillOut(found)) return found;
    // Of all who find it gone the first replaces it.
    if (this.#current === asked) this.#current = null;
    return this.get();
  }

  /** The next one that is asked for is a new one. */
  async stop(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    this.#stopping.abort();
    this.#stopping = new AbortController();
    // What could not be started has been told to who asked for it.
    await current?.catch(() => null);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop();
  }

  #isStillOut({ cameUp, goneAt }: PictureProcess): boolean {
    return !cameUp && performance.now() - goneAt < this.#retryMs;
  }

  #start(): Promise<PictureProcess> {
    const { signal } = this.#stopping;
    const started = this.#prefix().then((prefix) => PictureProcess.start(prefix, signal));
    started.catch(() => {
      if (this.#current === started) this.#current = null;
    });
    return started;
  }
}
