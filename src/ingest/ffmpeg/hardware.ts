/** Decoding on the graphics card, by the names of ffmpeg's ways to it, and how a run tells that it failed. */
import { MienError } from '../../errors.ts';

/** By ffmpeg's names. */
export type Hardware = 'vaapi' | 'cuda' | 'videotoolbox';
export type HardwareSetting = 'auto' | 'none' | Hardware;

/** What decodes video. */
export interface Decoding {
  by: Hardware | 'software';
  /** Why it is not decoded as was asked, and what to do, in a sentence; null: it is. */
  caution: string | null;
}

/** A run of ffmpeg that ended without a frame, because of the hardware: the source may be decoded in software. */
export class HardwareFailed extends MienError {}

/** Whether its log may mean that. A source can make ffmpeg say so, and is decoded in software then. */
export function blamesHardware(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /device setup failed|device creation failed|no device available|hwaccel/i.test(line),
  );
}
