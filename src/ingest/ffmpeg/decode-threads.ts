import type { SourceInfo } from '../../domain/frame.ts';

const HD = 1280 * 720;
const FULL_HD = 1920 * 1088;

/**
 * How many threads decode. In real time one keeps up with 1080p, and adds no delay. A recording that is read as fast as
 * possible may use half of the cores, because the models need theirs, and above 720p all of them: at 720p two threads
 * took an eighth more processor time per frame than one.
 */
export function decodeThreads(
  { live, width, height }: Pick<SourceInfo, 'live' | 'width' | 'height'>,
  realtime: boolean,
  cores: number,
): number {
  const pixels = width * height;
  if (live || realtime) return pixels > FULL_HD ? 2 : 1;
  return Math.max(1, Math.min(4, pixels > HD ? cores : Math.floor(cores / 2)));
}
