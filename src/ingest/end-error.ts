import type { DecodeJob, DecodeProgress } from './decode-job.ts';
import { asError, noFrameError, sourceFailed } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegExit } from './ffmpeg/ffmpeg-process.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';

/** Exit codes of a process that a signal ended or that crashed: 128 and the signal, and ffmpeg's own for SIGTERM. */
const KILLED_CODES = new Set([134, 137, 139, 143, 255]);
/** Seconds of a network recording that may be missing at its end. */
const MAX_MISSING_SECONDS = 5;

/**
 * The error that the end of a decoding means; null: it is no failure. What could be decoded of a damaged recording is
 * its whole content.
 */
export function endError(exit: FfmpegExit, job: DecodeJob, progress: DecodeProgress): Error | null {
  const { source, info, deps } = job;
  const { kind, live, duration } = info;
  const { log } = progress;
  if (progress.stopping.signal.aborted) return null;
  if (exit.thrown) return asError(exit.thrown.error);
  if (progress.count === 0) {
    return noFrameError({ kind, source, lines: log, maxPixels: deps.limits.maxPixels });
  }
  if (live) {
    return endedWell(exit, job, log) ? null : sourceFailed(source, 'ended, or broke off the connection', log);
  }
  if (exit.code === null || KILLED_CODES.has(exit.code)) {
    return sourceFailed(source, 'could not be decoded to its end, because ffmpeg was killed or crashed', log);
  }
  const missing = (duration ?? 0) - progress.mediaTime;
  if (isNetwork(kind) && exit.code !== 0 && missing > MAX_MISSING_SECONDS) {
    return sourceFailed(source, `broke off ${Math.round(missing)} s before its end`, log);
  }
  return null;
}

/** Only a live HLS playlist can say that it has ended. */
function endedWell({ code }: FfmpegExit, { info }: DecodeJob, log: readonly string[]): boolean {
  return info.kind === 'hls' && code === 0 && !log.some((line) => /Failed to (reload|open)/.test(line));
}
