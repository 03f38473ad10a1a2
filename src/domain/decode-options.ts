import type { DetectSize } from './detect-size.ts';
import type { FrameTiming } from './frame.ts';

/** How a source is to be decoded. */
export interface DecodeOptions {
  /** Frames per second of media time, at most; a source with fewer gives all it has. */
  frameRate: number;
  /** At the pace of the clock, the newest frame kept and older ones dropped as `busy`, as live sources always are; false: as fast as they are read. */
  realtime: boolean;
  /** Recordings only: start again at the end, while media time goes on. */
  loop: boolean;
  /** How large the frames are, at most. */
  detectSize: DetectSize;
  /** Which frames are taken; null or undefined: as `FrameTiming` says. */
  timing?: FrameTiming | null | undefined;
  /** Whether frames come with their colour, too, where the source has any: for those who look at them. Default false. */
  colour?: boolean;
  signal: AbortSignal;
}
