/**
 * Starts ffmpegs from a thread of its own: to start a process, the system copies the page tables of this one, and the
 * thread that asked for it does nothing else until the new process runs.
 */
import type { FrameSink } from '../frames/frame-sink.ts';
import { type FfmpegExit, type FfmpegRun, type FfmpegRunOptions, startFfmpeg } from './ffmpeg-process.ts';
import { createLauncherThread, type StartInThread } from './launcher-thread.ts';

export interface FfmpegLaunch extends Omit<FfmpegRunOptions, 'target'> {
  sink: FrameSink;
  /** Holds this run while it lasts. */
  activeRuns: Set<Promise<unknown>>;
}

export interface FfmpegLauncher {
  /** As `startFfmpeg`; the run is over when all that ffmpeg wrote was consumed, or when the consumer threw. */
  start(launch: FfmpegLaunch): FfmpegRun;
  /** Ends the thread, and kills every ffmpeg that still runs. */
  close(): Promise<void>;
}

export function createFfmpegLauncher(): FfmpegLauncher {
  const thread = createLauncherThread();
  return { start: (launch) => startRun(launch, thread.start), close: thread.close };
}

function startRun(
  { sink, activeRuns, onLine, ...options }: FfmpegLaunch,
  startInThread: StartInThread,
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
  // A process whose standard output we read has to be a child of this thread.
  const run =
    typeof target === 'string'
      ? startInThread({ ...options, target }, onLineSafely)
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
