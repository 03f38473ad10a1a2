import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { renameIntoPlace } from './rename-into-place.ts';

/** Characters that are held before they are written. */
const HELD = 1 << 16;

/** The rows of one input while it is analysed: in a file of its own, hashed as it is written. */
export class PartialResult {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #held = '';
  #bytes = 0;
  #failed = false;
  #stored: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Of a run that was killed a file may be there that has the name of its result, too: that one is not emptied. */
  static async open(path: string): Promise<PartialResult> {
    const file = await open(path, 'wx').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      await rm(path);
      return open(path, 'wx');
    });
    return new PartialResult(path, file);
  }

  /** Null: there is no such file, or it cannot be read. */
  static async hashOf(path: string): Promise<string | null> {
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(path), hash);
      return hash.digest('hex');
    } catch {
      return null;
    }
  }

  static hash(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }

  /** Whether something could not be written, which is no fault of an input. */
  get failed(): boolean {
    return this.#failed;
  }

  async write(text: string): Promise<void> {
    this.#held += text;
    if (this.#held.length >= HELD) await this.#flush();
  }

  /** All is written. */
  async end(): Promise<{ bytes: number; sha256: string }> {
    await this.#flush();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** After `end`: the file is on the disk, where a power cut leaves it as it is, and closed. */
  store(): Promise<void> {
    this.#stored ??= this.#file.datasync().then(() => this.#file.close());
    return this.#stored;
  }

  /** After `store`: gives it its name. Whether it has it now: nothing was there, or it may be replaced. */
  moveTo(path: string, mayReplace: boolean): Promise<boolean> {
    return renameIntoPlace(this.path, path, mayReplace);
  }

  /** Nothing is left of it. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => {}); // it may be closed already
    await rm(this.path, { force: true });
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#held);
    this.#held = '';
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#orFailed(this.#file.writeFile(bytes));
  }

  async #orFailed(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      this.#failed = true;
      throw error;
    });
  }
}
