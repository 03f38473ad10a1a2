import type { FrameSize } from '../../domain/frame.ts';
import type { BufferPool } from './buffer-pool.ts';

/** What is known of a frame besides its bytes. */
export interface FrameStamp extends FrameSize {
  /** Presentation timestamp in microseconds; null when the source gave none. */
  pts: number | null;
}

/** Numbered from 0, and from 0 again when ffmpeg rebuilds its filters because the source changed. */
export interface NumberedStamp extends FrameStamp {
  n: number;
}

export interface AssembledFrame {
  /** Acquired from the assembler's pool; whoever takes the frame releases it. */
  pixels: Uint8Array;
  stamp: FrameStamp;
}

/** When more stamps than this are missing in a row, bytes and stamps no longer belong together. */
const MAX_MISSING_STAMPS = 1000;

/**
 * Joins the bytes of `rawvideo` with the stamps of its frames, which come by another pipe, into frames in order.
 * Bytes that come before their stamp are kept until it is here. When a stamp was lost, as a gap in the numbers
 * shows, its frame gets the size of the next stamp and no timestamp.
 */
export class FrameAssembler {
  readonly #pool: BufferPool;
  readonly #longerSide: number;
  readonly #stamps: FrameStamp[] = [];
  readonly #chunks: Uint8Array[] = [];
  /** The number that the next stamp should have. */
  #nextNumber = 0;
  #stampsEnded = false;
  #filling: Uint8Array | null = null;
  #filled = 0;

  /** @param longerSide the most pixels that a frame's longer side may have */
  constructor(pool: BufferPool, longerSide: number) {
    this.#pool = pool;
    this.#longerSide = longerSide;
  }

  /** @throws Error when ffmpeg cannot have made such a frame */
  addStamp({ n, pts, width, height }: NumberedStamp): void {
    if (!(Math.min(width, height) >= 1 && Math.max(width, height) <= this.#longerSide)) {
      throw new Error(`ffmpeg tells of a frame of ${width}x${height} pixels, which it was not asked for.`);
    }
    // A lower number: the filters were rebuilt, and the line that says so was lost too.
    const lost = n < this.#nextNumber ? n : n - this.#nextNumber;
    if (lost > MAX_MISSING_STAMPS) throw new Error(`ffmpeg did not tell of ${lost} frames in a row.`);
    for (let i = 0; i < lost; i++) this.#stamps.push({ pts: null, width, height });
    this.#stamps.push({ pts, width, height });
    this.#nextNumber = n + 1;
  }

  /** ffmpeg has rebuilt its filters, and numbers frames from 0 again. */
  restartNumbering(): void {
    this.#nextNumber = 0;
  }

  addBytes(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** No more stamps will come: bytes that still lack one are dropped. */
  endStamps(): void {
    this.#stampsEnded = true;
  }

  /** Bytes wait for a stamp: add no more bytes until one has come. */
  get awaitsStamp(): boolean {
    return this.#chunks.length > 0 && this.#stamps.length === 0 && !this.#stampsEnded;
  }

  /** The next complete frame; null while bytes or its stamp are missing. */
  nextFrame(): AssembledFrame | null {
    while (this.#chunks.length > 0 && this.#stamps.length > 0) {
      const frame = this.#fill(this.#stamps[0]!);
      if (frame) return frame;
    }
    if (this.#stampsEnded && this.#stamps.length === 0) this.#chunks.length = 0;
    return null;
  }

  #fill(stamp: FrameStamp): AssembledFrame | null {
    const chunk = this.#chunks[0]!;
    this.#filling ??= this.#pool.acquire(stamp.width * stamp.height);
    const part = chunk.subarray(0, this.#filling.length - this.#filled);
    this.#filling.set(part, this.#filled);
    this.#filled += part.length;
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    if (this.#filled < this.#filling.length) return null;

    const frame = { pixels: this.#filling, stamp };
    this.#stamps.shift();
    this.#filling = null;
    this.#filled = 0;
    return frame;
  }
}
