/** What a session stores of the sizes of its frames: that of the first, and the smallest face that could be found in all of them. */
import { inSourcePixels } from '../domain/detect-size.ts';
import type { Frame, FrameSize } from '../domain/frame.ts';
import type { StateDetails } from '../domain/stream.ts';

export class FrameSizes {
  /** As it was told; null: nothing was. */
  #smallestFace: number | null = null;

  /**
   * What is to be stored now; null: nothing new.
   * @param smallestFace side of the smallest that can be found in this frame, in pixels of it
   * @param source of its own picture, as it was opened
   */
  told(frame: Frame, smallestFace: number, source: FrameSize): StateDetails | null {
    const side = inSourcePixels(smallestFace, frame, frame.source ?? source);
    const before = this.#smallestFace;
    if (before !== null && side <= before) return null;
    this.#smallestFace = side;
    const size = { width: frame.width, height: frame.height };
    return before === null ? { frame: size, smallestFace: side } : { smallestFace: side };
  }
}
