import type { FrameSize } from '../../domain/frame.ts';
import type { FramePool } from './frame-pool.ts';
import { bytesOf, type ColourTold, type PixelLayout } from './planes.ts';

/** What is known of a frame besides its bytes. */
export interface FrameStamp extends PixelLayout {
  /** Presentation timestamp in microseconds; null when the source gave none. */
  pts: number | null;
  /** What it comes from; as ffmpeg may tell of that later, it is looked up when the frame is given. */
  graph?: FilterGraph | undefined;
}

/** One building of ffmpeg's filters, which lasts as long as the source's pictures keep their size. */
export type FilterGraph = ColourTold;

/** Numbered from 0, and from 0 again when ffmpeg rebuilds its filters because the source changed. */
export interface NumberedStamp extends FrameStamp {
  n: number;
}

export interface AssembledFrame {
  /** All its planes. Acquired from the assembler's pool; whoever takes the frame releases it. */
  pixels: Uint8Array;
  stamp: FrameStamp;
}

/** When more stamps than this are missing in a row, bytes and stamps no longer belong together. */
const MAX_MISSING_STAMPS = 1000;
/** ffmpeg may have told of so many frames, and of so many bytes more, that it has not written: its queues and our socket hold them. */
const MAX_UNWRITTEN_FRAMES = 64;
const MAX_UNWRITTEN_BYTES = 2 ** 21;

/** Which bytes are which frame's is not known any more. Its message is part of a sentence. */
export class FramesLost extends Error {
  override name = 'FramesLost';
}

export interface AssemblerOptions {
  /** The most pixels that a frame's longer side may have. */
  longerSide: number;
  /** The most pixels that it may have in all. */
  maxPixels: number;
  /** Whether each frame comes in the upper left of a square as wide as the longer side may be; default false. */
  onCanvas?: boolean;
}

/**
 * Joins the bytes of `rawvideo` with the stamps of its frames, which come by another pipe, into frames in order.
 * Bytes that come before their stamp are kept until it is here. When a stamp was lost, as a gap in the numbers
 * shows, its frame gets the size of the next stamp and no timestamp. Where bytes and stamps do not agree, that is an error.
 */
export class FrameAssembler {
  readonly #pool: FramePool;
  readonly #longerSide: number;
  readonly #maxPixels: number;
  /** What a frame is cut out of; null: frames come as they are. */
  readonly #canvas: Uint8Array | null;
  readonly #stamps: FrameStamp[] = [];
  readonly #chunks: Uint8Array[] = [];
  /** The number that the next stamp should have. */
  #nextNumber = 0;
  #graphs = 0;
  #stampsEnded = false;
  /** Whether bytes were dropped because no stamp came for them. */
  #dropped = false;
  #filling: Uint8Array | null = null;
  #filled = 0;
  /** Bytes of the frames that were told of, without those that have come. */
  #unwritten = 0;

  constructor(pool: FramePool, { longerSide, maxPixels, onCanvas = false }: AssemblerOptions) {
    this.#pool = pool;
    this.#longerSide = longerSide;
    this.#maxPixels = maxPixels;
    this.#canvas = onCanvas ? new Uint8Array(longerSide * longerSide) : null;
  }

  /** @throws FramesLost when ffmpeg cannot have made such a frame */
  addStamp({ n, ...stamp }: NumberedStamp): void {
    const { width, height } = stamp;
    const fits = Math.max(width, height) <= this.#longerSide && width * height <= this.#maxPixels;
    if (!(Math.min(width, height) >= 1 && fits)) {
      throw new FramesLost(
        `ffmpeg tells of a frame of ${width}x${height} pixels, which it was not asked for`,
      );
    }
    // A lower number: the filters were rebuilt, and the line that says so was lost too.
    if (n < this.#nextNumber) this.restartNumbering();
    const lost = n - this.#nextNumber;
    if (lost > MAX_MISSING_STAMPS) throw new FramesLost(`ffmpeg did not tell of ${lost} frames in a row`);
    for (let i = 0; i < lost; i++) this.#stamps.push({ ...stamp, pts: null });
    this.#stamps.push(stamp);
    this.#nextNumber = n + 1;
    const bytes = this.#bytesOf(stamp);
    this.#unwritten += (lost + 1) * bytes;
    if (this.#unwritten > (MAX_UNWRITTEN_FRAMES + lost) * bytes + MAX_UNWRITTEN_BYTES) throw disagreement();
  }

  /** ffmpeg has rebuilt its filters, and numbers frames from 0 again. */
  restartNumbering(): void {
    this.#nextNumber = 0;
    this.#graphs++;
  }

  /** How often ffmpeg has built its filters. */
  get graphs(): number {
    return this.#graphs;
  }

  addBytes(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** No more stamps will come: bytes that still lack one are dropped. */
  endStamps(): void {
    this.#stampsEnded = true;
  }

  /** Null once ffmpeg has ended well and all that it wrote was added, and each frame has got its bytes and its stamp. */
  get leftover(): FramesLost | null {
    return this.#stamps.length > 0 || this.#dropped ? disagreement() : null;
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
    if (this.#stampsEnded && this.#stamps.length === 0 && this.#chunks.length > 0) {
      this.#dropped = true;
      this.#chunks.length = 0;
    }
    return null;
  }

  #fill(stamp: FrameStamp): AssembledFrame | null {
    const chunk = this.#chunks[0]!;
    this.#filling ??= this.#canvas ?? this.#pool.acquire(bytesOf(stamp));
    const part = chunk.subarray(0, this.#filling.length - this.#filled);
    this.#filling.set(part, this.#filled);
    this.#filled += part.length;
    this.#unwritten -= part.length;
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    if (this.#filled < this.#filling.length) return null;

    const pixels = this.#canvas ? this.#cutOut(this.#canvas, stamp) : this.#filling;
    this.#stamps.shift();
    this.#filling = null;
    this.#filled = 0;
    return { pixels, stamp };
  }

  #cutOut(canvas: Uint8Array, { width, height }: FrameSize): Uint8Array {
    const pixels = this.#pool.acquire(width * height);
    for (let y = 0; y < height; y++) {
      const start = y * this.#longerSide;
      pixels.set(canvas.subarray(start, start + width), y * width);
    }
    return pixels;
  }

  #bytesOf(stamp: FrameStamp): number {
    return this.#canvas?.length ?? bytesOf(stamp);
  }
}

function disagreement(): FramesLost {
  return new FramesLost('ffmpeg told of frames that are not those that it wrote');
}
