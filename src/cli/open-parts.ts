/** The parts of a program that are open; they are closed in reverse, because each stands upon those before it. */
import type { Log } from '../domain/log.ts';

export interface OpenPart {
  close(): void | Promise<void>;
}

export class OpenParts {
  readonly #parts: OpenPart[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add<Part extends OpenPart>(part: Part): Part {
    this.#parts.push(part);
    return part;
  }

  /** A part that fails to close keeps none of the others open. */
  async closeAll(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) {
      try {
        await part.close();
      } catch (error) {
        this.#log.error({ err: error }, 'something did not close');
      }
    }
  }
}
