/** Where a run of ffmpeg gave nothing, its source may be decoded in another way. */
import type { DecodeJob } from './decode-job.ts';
import { CannotSeek } from './end-error.ts';
import { HardwareFailed } from './ffmpeg/hardware.ts';

type Way = Pick<DecodeJob, 'ffmpeg' | 'plan'>;

/** @returns how, from the place where that run began; null: there is no other way */
export function decodeFallback(error: Error | undefined, { ffmpeg, plan }: Way): Way | null {
  if (error instanceof HardwareFailed) return { ffmpeg: { ...ffmpeg, hardware: null }, plan };
  if (error instanceof CannotSeek) return { ffmpeg, plan: { ...plan, seeks: false } };
  return null;
}
