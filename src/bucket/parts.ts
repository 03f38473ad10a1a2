/** What comes is cut into parts, of which only one is in memory at a time. */

/** No part but the last may be shorter; all of an upload have one length, as some storages ask for. */
const LEAST_PART = 5 * 2 ** 20;
const MOST_PARTS = 10_000;

/** @param bytes as many as there may be */
export function partLength(bytes: number): number {
  return Math.max(LEAST_PART, Math.ceil(bytes / MOST_PARTS));
}

/** Bytes that wait until they are enough for a part. */
export class PartBuffer {
  readonly #length: number;
  #waiting: Buffer[] = [];
  #bytes = 0;

  /** @param length of a part @param rest what was left over before */
  constructor(length: number, rest: Buffer | null = null) {
    this.#length = length;
    if (rest !== null) this.#keep(rest);
  }

  /** How many wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes all that comes. @param put stores a part; nothing more is read until it has */
  async fill(body: AsyncIterable<Buffer>, put: (part: Buffer) => Promise<void>): Promise<void> {
    await this.cut(put);
    for await (const chunk of body) {
      this.#keep(chunk);
      await this.cut(put);
    }
  }

  /** Stores what is enough for parts. */
  async cut(put: (part: Buffer) => Promise<void>): Promise<void> {
    while (this.#bytes >= this.#length) {
      const all = this.peek();
      await put(all.subarray(0, this.#length));
      // A copy: the rest would keep the whole part in memory.
      this.#waiting = [Buffer.from(all.subarray(this.#length))];
      this.#bytes = all.length - this.#length;
    }
  }

  /** What waits, which goes on waiting. */
  peek(): Buffer {
    return Buffer.concat(this.#waiting, this.#bytes);
  }

  /** What waits, and does not any more. */
  drain(): Buffer {
    const all = this.peek();
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }

  #keep(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
  }
}
