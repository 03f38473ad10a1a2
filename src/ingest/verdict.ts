/** What the end of a decoding means. */

import type { Play, State } from './decoder.ts';
import { asError, broken, explain } from './ffmpeg/ffmpeg-errors.ts';
import type { Exit } from './ffmpeg/ffmpeg-process.ts';
import { isNetwork } from './ffmpeg/whitelists.ts';

/** Exit codes of a process that was ended from outside, or crashed: 128 and the signal; ffmpeg's own for SIGTERM. */
const ENDED_BY_FORCE = new Set([134, 137, 139, 143, 255]);

/** Whether an end is a failure. What could be decoded of a damaged recording is its whole content. */
export function verdict(exit: Exit, { opened, info, shop }: Play, state: State): Error | null {
  if (state.over.signal.aborted) return null;
  if (exit.thrown) return asError(exit.thrown.error);
  const { kind, live, duration } = info;
  if (state.count === 0) {
    return explain({ kind, opened, lines: state.said, maxPixels: shop.limits.maxPixels });
  }
  if (live) {
    const ended =
      kind === 'hls' && exit.code === 0 && !state.said.some((line) => /Failed to (reload|open)/.test(line));
    return ended ? null : broken(opened, 'ended, or broke off the connection', state.said);
  }
  if (exit.code === null || ENDED_BY_FORCE.has(exit.code)) {
    return broken(
      opened,
      'could not be decoded to its end, because ffmpeg was killed or crashed',
      state.said,
    );
  }
  const missing = (duration ?? 0) - state.mediaTime;
  if (isNetwork(kind) && exit.code !== 0 && missing > 5) {
    return broken(opened, `broke off ${Math.round(missing)} s before its end`, state.said);
  }
  return null;
}
