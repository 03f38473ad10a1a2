import type { Counted, Stamp } from '../ffmpeg/showinfo.ts';
import type { FrameMemory } from './buffer-pool.ts';

export interface Picture {
  /** Of the assembler's memory. */
  pixels: Uint8Array;
  stamp: Stamp;
}

/** More frames without a word of them than this in a row, and bytes and stamps are no longer of the same frames. */
const LONGEST_GAP = 1000;

/**
 * Bytes of `rawvideo` and the stamps of its frames come by two pipes; pictures come out, in order. Bytes may be
 * ahead of their stamp: then they are kept until it is here. A frame whose stamp was lost on the way, as the number
 * of the next one tells, has the next one's size and no timestamp.
 */
export class FrameAssembler {
  readonly #memory: FrameMemory;
  readonly #longest: number;
  readonly #stamps: Stamp[] = [];
  readonly #bytes: Uint8Array[] = [];
  /** The number of the stamp that comes next. */
  #due = 0;
  #over = false;
  #filling: Uint8Array | null = null;
  #filled = 0;

  /** @param longest pixels of a frame's longer side, at most */
  constructor(memory: FrameMemory, longest: number) {
    this.#memory = memory;
    this.#longest = longest;
  }

  /** @throws Error when there can be no such frame */
  stamp({ n, pts, width, height }: Counted): void {
    if (!(Math.min(width, height) >= 1 && Math.max(width, height) <= this.#longest)) {
      throw new Error(`ffmpeg tells of a frame of ${width}x${height} pixels, which it was not asked for.`);
    }
    // A lower number: the filters were made anew, and the line that tells of it was lost too.
    const lost = n < this.#due ? n : n - this.#due;
    if (lost > LONGEST_GAP) throw new Error(`ffmpeg did not tell of ${lost} frames in a row.`);
    for (let i = 0; i < lost; i++) this.#stamps.push({ pts: null, width, height });
    this.#stamps.push({ pts, width, height });
    this.#due = n + 1;
  }

  /** ffmpeg made its filters anew, and counts from 0. */
  restart(): void {
    this.#due = 0;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#bytes.push(chunk);
  }

  /** No more stamps will come: bytes that have none by then are dropped. */
  finish(): void {
    this.#over = true;
  }

  /** Bytes wait for a stamp: nothing more should be pushed until one has come. */
  get starved(): boolean {
    return this.#bytes.length > 0 && this.#stamps.length === 0 && !this.#over;
  }

  /** The next whole picture; null: more bytes, or a stamp, must come first. */
  next(): Picture | null {
    while (this.#bytes.length > 0 && this.#stamps.length > 0) {
      const picture = this.#fill(this.#stamps[0]!);
      if (picture) return picture;
    }
    if (this.#over && this.#stamps.length === 0) this.#bytes.length = 0;
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
