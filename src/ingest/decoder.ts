import { availableParallelism } from 'node:os';
import { readAheadOf } from '../domain/read-ahead.ts';
import type { DecodeJob, DecodeProgress } from './decode-job.ts';
import { endError } from './end-error.ts';
import { decodeThreads } from './ffmpeg/decode-threads.ts';
import { decodeArguments, type FfmpegArguments } from './ffmpeg/ffmpeg-args.ts';
import { sourceFailed } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegExit, FfmpegRun } from './ffmpeg/ffmpeg-process.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { FIRST_FRAME_SECONDS } from './first-frame.ts';
import { deliverFrames } from './frame-delivery.ts';
import type { FrameSink } from './frames/frame-sink.ts';
import { type StallWatchdog, startStallWatchdog } from './frames/stall-watchdog.ts';

/** Starts ffmpeg and fills the buffer, which ends when ffmpeg does or when the source stalls. `done`: ffmpeg is gone. */
export function startDecoder(job: DecodeJob): FfmpegRun {
  const { source, buffer, ffmpeg, deps } = job;
  const progress: DecodeProgress = { count: 0, mediaTime: 0, log: [], stopping: new AbortController() };
  const watchdog = watchForStall(job, () => {
    buffer.end(sourceFailed(source, `gave no frame for ${deps.limits.stallSeconds} s`, progress.log));
    void stop();
  });
  const { sink, onLine } = deliverFrames(job, progress, watchdog);
  const run = deps.launcher.start({
    ffmpegPath: ffmpeg.path,
    url: source.input.url,
    proxy: source.input.proxy,
    activeRuns: deps.activeRuns,
    args: argumentsFor(job, sink),
    sink,
    onLine,
  });
  const stop = async () => {
    progress.stopping.abort();
    watchdog.stop();
    sink.discard();
    await run.stop();
  };
  const done = run.done.then((exit: FfmpegExit) => {
    watchdog.stop();
    buffer.end(endError(exit, job, progress) ?? undefined);
    return exit;
  });
  return { done, stop };
}

export function threadsFor({ info, options }: Pick<DecodeJob, 'info' | 'options'>): number {
  return decodeThreads(info, options.realtime, availableParallelism());
}

function argumentsFor(job: DecodeJob, { protocol }: FrameSink): FfmpegArguments {
  const { source, info, options, ffmpeg, deps, showinfo, listener } = job;
  return decodeArguments(source.input, {
    frameRate: options.frameRate,
    longerSide: deps.limits.longerSide,
    maxPixels: deps.limits.maxPixels,
    loop: options.loop && !info.live,
    live: info.live,
    threads: threadsFor(job),
    hasFpsMode: ffmpeg.hasFpsMode,
    showinfo,
    reportFirstFrame: listener !== undefined,
    queuedFrames: readAheadOf(info.live || options.realtime).decoded,
    protocol,
  });
}

/** A local recording cannot stall. A low frame rate has pauses of its own; the first frame may take longer. */
function watchForStall({ info, options, deps, listener }: DecodeJob, onStall: () => void): StallWatchdog {
  const { stallSeconds, connectSeconds } = deps.limits;
  // Where this run opens the source, `waitForFirstFrame` has a limit of its own.
  const grace = listener ? connectSeconds + FIRST_FRAME_SECONDS : connectSeconds;
  const watchdog = startStallWatchdog(stallSeconds + 1 / options.frameRate, grace, onStall);
  if (!isNetwork(info.kind) && !info.live) watchdog.stop();
  return watchdog;
}
