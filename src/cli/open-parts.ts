/** The parts of a program that are open; they are closed in reverse, because each stands upon those before it. */
import type { Log } from '../domain/log.ts';
import { MienError } from '../errors.ts';

export interface OpenPart {
  close(): void | Promise<void>;
}

export class OpenParts {
  readonly #parts: OpenPart[] = [];
  readonly #log: Log;
  #closing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws MienError SHUTTING_DOWN once they are being closed; `part` is kept for the next `closeAll` */
  add<Part extends OpenPart>(part: Part): Part {
    this.#parts.push(part);
    if (this.#closing) throw new MienError('SHUTTING_DOWN', 'mien is shutting down.');
    return part;
  }

  /** A part that fails to close keeps none of the others open. */
  async closeAll(): Promise<void> {
    this.#closing = true;
    for (const part of this.#parts.splice(0).reverse()) {
      try {
        await part.close();
      } catch (error) {
        this.#log.error({ err: error }, 'something did not close');
      }
    }
  }
}
