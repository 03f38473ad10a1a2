import type { PictureProcess } from './picture-process.ts';
import type { JpegRequest } from './picture-protocol.ts';
import { SupervisedPictureProcess } from './supervised-picture-process.ts';

/** After the last picture; it takes a tenth of a second to start again. */
const IDLE_MS = 10_000;
/** One of 64 million pixels takes less than one. */
const MAX_SECONDS = 10;

export interface EncoderAbility {
  /** What encodes; null: nothing does. */
  version: string | null;
  /** Why not, where it may be another time; null: it is not installed. */
  fault: string | null;
}

/** Encodes pictures in a process that is there while there are any, and a little longer. */
export class PictureEncoder {
  readonly #process: SupervisedPictureProcess;
  readonly #idleMs: number;
  #encoding = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param prefix what comes before a command, so that it runs without a network */
  constructor(prefix: () => Promise<readonly string[]>, idleMs = IDLE_MS) {
    this.#process = new SupervisedPictureProcess(prefix);
    this.#idleMs = idleMs;
  }

  ability(): Promise<EncoderAbility> {
    return this.#during((child) => ({
      version: child?.version ?? null,
      fault: child ? child.fault : 'it is closed',
    }));
  }

  /** Null: it could not be encoded. @throws what starting a process does */
  encode(picture: Omit<JpegRequest, 'id'>): Promise<Uint8Array | null> {
    return this.#during((child) => (child?.version ? child.encode(picture, MAX_SECONDS) : null));
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#process.close();
  }

  /** @param work is given null once it is closed */
  async #during<T>(work: (child: PictureProcess | null) => T | Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#encoding += 1;
    try {
      return await work(await this.#process.get());
    } finally {
      this.#encoding -= 1;
      if (this.#encoding === 0)
        this.#idle = setTimeout(() => void this.#process.stop(), this.#idleMs).unref();
    }
  }
}
