import { availableParallelism } from 'node:os';
import { readAheadOf } from '../domain/read-ahead.ts';
import { type DecodeJob, type DecodeProgress, frameShape } from './decode-job.ts';
import { endError } from './end-error.ts';
import { decodeThreads } from './ffmpeg/decode-threads.ts';
import { decodeArguments, type FfmpegArguments } from './ffmpeg/ffmpeg-args.ts';
import { sourceFailed } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegExit, FfmpegRun } from './ffmpeg/ffmpeg-process.ts';
import { HardwareFailed } from './ffmpeg/hardware.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { FIRST_FRAME_SECONDS } from './first-frame.ts';
import { deliverFrames } from './frame-delivery.ts';
import type { FfmpegOutput } from './frames/ffmpeg-output.ts';
import { type StallWatchdog, startStallWatchdog } from './frames/stall-watchdog.ts';

/** How many times longer than a live source a local recording may give no frame. */
const RECORDING_PATIENCE = 10;

/** Starts ffmpeg and gives its frames, until ffmpeg ends or the source stalls. `done`: ffmpeg is gone. */
export function startDecoder(job: DecodeJob): FfmpegRun {
  const { source, outlet, ffmpeg, deps } = job;
  const stopping = new AbortController();
  const progress: DecodeProgress = { count: 0, mediaTime: 0, pts: null, log: [], leftover: null, stopping };
  const watchdog = watchForStall(job, (seconds) => {
    outlet.end(sourceFailed(source, `gave no frame for ${Math.floor(seconds)} s`, progress.log));
    void stop();
  });
  const { sink, onLine } = deliverFrames(job, progress, watchdog);
  const run = deps.launcher.start({
    ffmpegPath: ffmpeg.path,
    confine: ffmpeg.confinement.prefix(source.input.proxyPort),
    url: source.input.url,
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
    const error = endError(exit, job, progress);
    if (error instanceof HardwareFailed) void deps.hardware.recheck(ffmpeg);
    outlet.end(error ?? undefined, endOf(job, progress));
    return exit;
  });
  return { done, stop };
}

/** Where the last frame ends that was decoded, in seconds since the recording's start; null: nobody asked, or there was none. */
function endOf({ start: { decoded } }: DecodeJob, { count, mediaTime, pts }: DecodeProgress): number | null {
  return decoded === null || count === 0 ? null : mediaTime + decoded.secondsAfter(pts);
}

export function threadsFor({ info, options }: Pick<DecodeJob, 'info' | 'options'>): number {
  return decodeThreads(info, options.realtime, availableParallelism());
}

function argumentsFor(job: DecodeJob, { protocol }: FfmpegOutput): FfmpegArguments {
  const { source, info, options, start, plan, ffmpeg, showinfo } = job;
  return decodeArguments(source.input, {
    track: plan.track,
    byArrival: plan.byArrival,
    frameRate: options.frameRate,
    ...frameShape(job),
    passes: start.passes,
    position: start.position,
    seeks: plan.seeks,
    leaveOut: start.leaveOut,
    hardware: ffmpeg.hardware,
    live: info.live,
    threads: threadsFor(job),
    hasFpsMode: ffmpeg.hasFpsMode,
    showinfo,
    reportFirstFrame: true,
    reportKeyFrames: job.onKeyFrame !== undefined,
    reportDecoded: start.decoded !== null,
    queuedFrames: readAheadOf(info.live || options.realtime).decoded,
    protocol,
  });
}

/**
 * A low frame rate has pauses of its own; the first frame may take longer. Of a local recording much more time is let pass: to decode
 * what lies between two frames takes long on a busy machine.
 */
function watchForStall(
  { info, options, deps, listener }: DecodeJob,
  onStall: (seconds: number) => void,
): StallWatchdog {
  const { stallSeconds, connectSeconds } = deps.limits;
  const interval = 1 / options.frameRate;
  // Where this run opens the source, `waitForFirstFrame` has a limit of its own.
  const grace = listener ? connectSeconds + FIRST_FRAME_SECONDS : connectSeconds;
  const isLocalRecording = !isNetwork(info.kind) && !info.live;
  const seconds = isLocalRecording ? RECORDING_PATIENCE * (stallSeconds + interval) : stallSeconds + interval;
  return startStallWatchdog(seconds, grace, () => onStall(seconds));
}
