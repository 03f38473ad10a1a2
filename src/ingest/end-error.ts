import { MienError } from '../errors.ts';
import type { DecodeJob, DecodeProgress } from './decode-job.ts';
import { asError, type NamedSource, noFrameError, sourceFailed } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegExit } from './ffmpeg/ffmpeg-process.ts';
import { tellsPictureDamage } from './ffmpeg/picture-damage.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { FramesLost } from './frames/frame-assembler.ts';
import { fillsDuration } from './read-plan.ts';

/** Exit codes of a process that a signal ended or that crashed: 128 and the signal, and ffmpeg's own for SIGTERM. */
const KILLED_CODES = new Set([134, 137, 139, 143, 255]);
/** Seconds of a network recording that may be missing at its end. */
const MAX_MISSING_SECONDS = 5;
/** Seconds of a damaged recording, and the part of it, that may be missing: its last frame is shown for a while. */
const UNNOTICED_SECONDS = 0.5;
const UNNOTICED_PART = 0.02;
/** What ffmpeg says where a file breaks off or turns into something else, if anything; it then ends as if that were all. */
const DAMAGE =
  /corrupt|damaged|partial file|ended prematurely|invalid as first byte|EBML number|Unknown-sized element|exceeds containing master|Packet mismatch|Invalid data found|[Ee]rror while decoding|resync|[Tt]runcat/;

/** A run that was to begin in the middle of a recording gave nothing, because ffmpeg looked for that place up to the end. */
export class CannotSeek extends Error {}

const saysCannotSeek = (line: string): boolean => line.includes('could not seek to position');

const TOO_LARGE = /exceeds specified max pixel count/;

/** The error that the end of a decoding means; null: it is no failure. */
export function endError(exit: FfmpegExit, job: DecodeJob, progress: DecodeProgress): Error | null {
  const { source, info, options, listener } = job;
  const { kind, live } = info;
  const duration = info.duration ?? listener?.found?.duration ?? null;
  const { log } = progress;
  if (progress.stopping.signal.aborted) return null;
  if (exit.thrown?.error instanceof FramesLost) return framesLost(source, exit.thrown.error, log);
  if (exit.thrown) return asError(exit.thrown.error);
  if (progress.count === 0) return endWithoutFrame(exit, job, log);
  if (exit.code === 0 && progress.leftover) return framesLost(source, progress.leftover, log);
  if (live) {
    const how = kind === 'push' ? 'has ended; send again to go on' : 'ended, or broke off the connection';
    return endedWell(exit, job, log) ? null : sourceFailed(source, how, log);
  }
  if (exit.code === null || KILLED_CODES.has(exit.code)) {
    return sourceFailed(source, 'could not be decoded to its end, because ffmpeg was killed or crashed', log);
  }
  if (duration === null && source.body?.end === 'broken') {
    return sourceFailed(source, 'broke off before its end', log);
  }
  const missing = (duration ?? 0) - progress.mediaTime;
  const away = isNetwork(kind) ? undefined : source.networkError();
  // Where an upload lies in a bucket, what went wrong on the way there is no damage of the video.
  if (away && (exit.code !== 0 || options.loop || duration === null || missing > UNNOTICED_SECONDS + 1))
    return new MienError('SOURCE_FAILED', away.message, { cause: away });
  // Its passes are as long as can be read.
  if (options.loop && !isNetwork(kind)) return null;
  if (isNetwork(kind) && exit.code !== 0 && missing > MAX_MISSING_SECONDS) {
    return sourceFailed(source, `broke off ${Math.round(missing)} s before its end`, log);
  }
  return damageError(exit, job, progress, duration);
}

/** Of a recording that could not be read to its end. @param duration in seconds, as it says */
function damageError(
  exit: FfmpegExit,
  job: DecodeJob,
  progress: DecodeProgress,
  duration: number | null,
): Error | null {
  const { source, options, deps } = job;
  const { log } = progress;
  const missing = (duration ?? 0) - progress.mediaTime;
  const unnoticed = Math.max(UNNOTICED_SECONDS + 1 / options.frameRate, UNNOTICED_PART * (duration ?? 0));
  const [read, whole] = [progress.mediaTime.toFixed(1), (duration ?? 0).toFixed(1)];
  if (missing > unnoticed && log.some((line) => TOO_LARGE.test(line))) {
    const limit = `more than ${deps.limits.maxPixels} pixels a picture, which is the limit`;
    return sourceFailed(
      source,
      `was read to ${read} s of ${whole} s, where it has ${limit}; scale it down`,
      log,
    );
  }
  if (missing > unnoticed && (exit.code !== 0 || showsDamage(job, log))) {
    return sourceFailed(source, `is damaged: it could be read to ${read} s of ${whole} s`, log);
  }
  const gaveOne = progress.count === 1 && missing <= unnoticed && isPicture(job);
  if (gaveOne && (source.hasDamagedEnd || tellsPictureDamage(log)))
    return sourceFailed(source, 'is cut off or damaged: only a part of it could be read; copy it again', log);
  if (source.hasDamagedEnd) return sourceFailed(source, `is damaged after ${read} s`, log);
  return null;
}

/** ffmpeg's formats of files that are one picture; a GIF may be several, of which then more is given than one. */
const PICTURES = /^(\w+_pipe|image2|gif)$/;

/** By what ffmpeg said when it opened the source: of a video, a low rate may leave one frame too. */
function isPicture({ listener }: DecodeJob): boolean {
  return PICTURES.test(listener?.found?.format ?? '');
}

function showsDamage({ source, plan, listener }: DecodeJob, log: readonly string[]): boolean {
  if (plan.fillsDuration || (listener?.found && fillsDuration(listener.found))) return true;
  // A file may have any name, and any title, which stands further in.
  return log.some((line) => !line.startsWith('  ') && DAMAGE.test(line.replaceAll(source.input.url, '')));
}

function framesLost(source: NamedSource, { message }: FramesLost, log: readonly string[]): Error {
  return sourceFailed(source, `could not be decoded to its end: ${message}; try a current ffmpeg`, log);
}

/** A live HLS playlist can say that it has ended, and so can a body of HTTP without a length. */
function endedWell({ code }: FfmpegExit, { info, source }: DecodeJob, log: readonly string[]): boolean {
  if (code === 0 && source.body?.end === 'whole') return true;
  return info.kind === 'hls' && code === 0 && !log.some((line) => /Failed to (reload|open)/.test(line));
}

/** A run that began behind the last frame of a recording has none. */
function endWithoutFrame(
  { code }: FfmpegExit,
  { source, info: { kind }, start, plan, ffmpeg: { hardware }, deps }: DecodeJob,
  lines: readonly string[],
): Error | null {
  if (start.position > 0 && plan.seeks && lines.some(saysCannotSeek)) return new CannotSeek();
  if (start.position > 0 && code === 0) return null;
  return noFrameError({
    kind,
    source,
    lines,
    hardware,
    maxPixels: deps.limits.maxPixels,
    track: plan.track,
  });
}
