/** Where a run of ffmpeg gave nothing, its source may be decoded in another way. */
import type { DecodeJob } from './decode-job.ts';
import { CannotSeek } from './end-error.ts';
import { HardwareFailed } from './ffmpeg/hardware.ts';

type Way = Pick<DecodeJob, 'ffmpeg' | 'reading'>;

/** @returns how, from the place where that run began; null: there is no other way */
export function otherWay(error: Error | undefined, { ffmpeg, reading }: Way): Way | null {
  if (error instanceof HardwareFailed) return { ffmpeg: { ...ffmpeg, hardware: null }, reading };
  if (error instanceof CannotSeek) return { ffmpeg, reading: { ...reading, seeks: false } };
  return null;
}
