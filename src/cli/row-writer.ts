/** Writes the rows of `mien analyze`, at the pace of whoever reads them. */
import type { Writable } from 'node:stream';
import { refuseOverwritingInputs } from './analyze/refuse-overwriting-inputs.ts';
import type { Host } from './process-host.ts';
import {
  cannotWrite,
  type DestinationOptions,
  openDestination,
  type RowDestination,
} from './row-destination.ts';

/**
 * @param onEnd called when nothing more can be written
 * @throws MienError BAD_INPUT: it cannot be opened for writing, exists already, or is one of the inputs
 */
export async function openRowWriter(
  options: DestinationOptions,
  inputs: readonly string[],
  host: Pick<Host, 'stdin' | 'stdout'>,
  onEnd: () => void,
): Promise<RowWriter> {
  await refuseOverwritingInputs(options.path, inputs, host);
  return new RowWriter(await openDestination(options, host), onEnd);
}

export class RowWriter {
  readonly #target: RowDestination;
  readonly #onEnd: () => void;
  #failure: Error | null = null;
  #gone = false;
  /** What comes before the first row; null: written. */
  #head: string | null = '';

  constructor(target: RowDestination, onEnd: () => void) {
    this.#target = target;
    this.#onEnd = onEnd;
    target.stream.on('error', (error) => this.#fail(error));
  }

  /** Whether whoever read the output has gone, as `head` does when it has enough. */
  get gone(): boolean {
    return this.#gone;
  }

  /** What comes before the first row: at once on stdout, in a file when it is emptied. */
  async begin(head: string): Promise<void> {
    this.#head = head;
    if (this.#target.headAtOnce) await this.#writeHead();
  }

  /** Resolves when there is room for more. */
  async write(text: string): Promise<void> {
    await this.#writeHead();
    await this.#put(text);
  }

  /** The rows are all there, be it none: a file is emptied now if it was not before. */
  finish(): Promise<void> {
    return this.#writeHead();
  }

  /** A file that was made for rows and got none is removed. @throws MienError BAD_INPUT: not all could be written */
  async close(): Promise<void> {
    if (!this.#target.stream.destroyed && !this.#gone) await this.#target.end();
    if (this.#head !== null) await this.#target.discard();
    if (this.#failure) throw this.#failure;
  }

  async #writeHead(): Promise<void> {
    if (this.#head === null) return;
    const text = this.#head;
    this.#head = null;
    await this.#target.empty().catch((error) => this.#fail(error));
    await this.#put(text);
  }

  async #put(text: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#gone || text === '' || this.#target.stream.write(text)) return;
    await drained(this.#target.stream);
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') this.#gone = true;
    else this.#failure ??= cannotWrite(this.#target.name, error);
    this.#onEnd();
  }
}

/** Resolves when there is room in the stream, or when it is over. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'error', 'close']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.on(event, done);
  });
}
