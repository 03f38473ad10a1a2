import type { Frame, SourceInfo } from '../domain/frame.ts';

/** A source that was probed and is being decoded. */
export interface OpenedSource {
  info: SourceInfo;
  /** Decoding goes on until they are returned, or until the signal aborts. */
  frames: AsyncIterable<Frame>;
  /**
   * From now on at most so many frames a second, from 0.2 to the rate that it was opened with; those left out count as
   * dropped because `busy`. Only in real time: a recording that is waited for keeps all its frames.
   */
  setFrameRate(framesPerSecond: number): void;
}
