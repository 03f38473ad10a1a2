/**
 * Starts ffmpegs from a small process of its own: to start a process, the system copies the page tables of the one that
 * asks, which for a server of some hundred megabytes stops all its threads.
 */
import type { FfmpegOutput } from '../frames/ffmpeg-output.ts';
import { type FfmpegExit, type FfmpegRun, type FfmpegRunOptions, startFfmpeg } from './ffmpeg-process.ts';
import { createLauncherClient, type StartInLauncher } from './launcher-client.ts';

export interface FfmpegLaunch extends Omit<FfmpegRunOptions, 'target' | 'niceness'> {
  sink: FfmpegOutput;
  /** Holds this run while it lasts. */
  activeRuns: Set<Promise<unknown>>;
}

export interface FfmpegLauncher {
  /** As `startFfmpeg`; the run is over when all that ffmpeg wrote was consumed, or when the consumer threw. */
  start(launch: FfmpegLaunch): FfmpegRun;
  /** Ends that process, and kills every ffmpeg that still runs. */
  close(): Promise<void>;
}

/** @param niceness of every ffmpeg; default: that of a server */
export function createFfmpegLauncher(niceness?: number): FfmpegLauncher {
  const launcher = createLauncherClient();
  return { start: (launch) => startRun({ ...launch, niceness }, launcher.start), close: launcher.close };
}

function startRun(
  { sink, activeRuns, onLine, ...options }: FfmpegLaunch & Pick<FfmpegRunOptions, 'niceness'>,
  startInLauncher: StartInLauncher,
): FfmpegRun {
  const { target } = sink;
  let thrown: FfmpegExit['thrown'];
  // An error of the consumer ends this run, and nothing else.
  const fail = (error: unknown) => {
    thrown ??= { error };
    sink.discard();
    void run.stop();
  };
  const onLineSafely = (line: string) => {
    try {
      if (!thrown) onLine(line);
    } catch (error) {
      fail(error);
    }
  };
  // A process whose standard output we read has to be our own child.
  const run =
    typeof target === 'string'
      ? startInLauncher({ ...options, target }, onLineSafely)
      : startFfmpeg({ ...options, target, onLine: onLineSafely });
  void sink.thrown.then(fail);
  const done = run.done.then(async (exit) => {
    if (exit.abandoned) sink.abandon();
    else await sink.drained(exit.started);
    return thrown ? { ...exit, thrown } : exit;
  });
  activeRuns.add(done);
  void done.then(() => activeRuns.delete(done));
  return {
    done,
    async stop() {
      await run.stop();
      await done;
    },
  };
}
