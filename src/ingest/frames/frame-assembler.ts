import type { Stamp } from '../ffmpeg/showinfo.ts';
import type { FrameMemory } from './buffer-pool.ts';

export interface Picture {
  /** Of the assembler's memory. */
  pixels: Uint8Array;
  stamp: Stamp;
}

/**
 * Bytes of `rawvideo` and the stamps of its frames come by two pipes; pictures come out, in order.
 * Bytes may be ahead of their stamp: then they are kept until it is here.
 */
export class FrameAssembler {
  readonly #memory: FrameMemory;
  readonly #stamps: Stamp[] = [];
  readonly #bytes: Uint8Array[] = [];
  #filling: Uint8Array | null = null;
  #filled = 0;

  constructor(memory: FrameMemory) {
    this.#memory = memory;
  }

  stamp(stamp: Stamp): void {
    this.#stamps.push(stamp);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#bytes.push(chunk);
  }

  /** Bytes wait for a stamp: nothing more should be pushed until one has come. */
  get starved(): boolean {
    return this.#bytes.length > 0 && this.#stamps.length === 0;
  }

  /** The next whole picture; null: more bytes, or a stamp, must come first. */
  next(): Picture | null {
    while (this.#bytes.length > 0 && this.#stamps.length > 0) {
      const picture = this.#fill(this.#stamps[0]!);
      if (picture) return picture;
    }
    return null;
  }

  #fill(stamp: Stamp): Picture | null {
    const chunk = this.#bytes[0]!;
    this.#filling ??= this.#memory.take(stamp.width * stamp.height);
    const taken = chunk.subarray(0, this.#filling.length - this.#filled);
    this.#filling.set(taken, this.#filled);
    this.#filled += taken.length;
    if (taken.length === chunk.length) this.#bytes.shift();
    else this.#bytes[0] = chunk.subarray(taken.length);
    if (this.#filled < this.#filling.length) return null;

    const picture = { pixels: this.#filling, stamp };
    this.#stamps.shift();
    this.#filling = null;
    this.#filled = 0;
    return picture;
  }
}
