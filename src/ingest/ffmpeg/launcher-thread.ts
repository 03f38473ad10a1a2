/** This side of the thread that starts ffmpegs: its requests, and the messages that come back. */
import type { Worker } from 'node:worker_threads';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { FfmpegExit, FfmpegRun, FfmpegRunOptions } from './ffmpeg-process.ts';

type OnLine = (line: string) => void;
/** What can be sent to another thread. */
type StartOptions = Omit<FfmpegRunOptions, 'target' | 'onLine'> & { target: string };
export type ToLauncher = { id: number; start: StartOptions } | { id: number; stop: true };
export type FromLauncher = { id: number; lines: string[] } | { id: number; exit: FfmpegExit };

/** As `startFfmpeg`, in the thread. */
export type StartInThread = (options: StartOptions, onLine: OnLine) => FfmpegRun;

type Runs = PendingRequests<FfmpegExit, OnLine>;

/** The thread is started with the first run, and keeps this process alive while any run lasts. */
export function createLauncherThread(): { start: StartInThread; close(): Promise<void> } {
  const runs: Runs = new PendingRequests();
  let current: Worker | null = null;

  function start(options: StartOptions, onLine: OnLine): FfmpegRun {
    current ??= spawnLauncher(runs, (gone) => {
      if (current === gone) current = null;
    });
    const thread = current;
    const { id, answer } = runs.open(onLine);
    thread.ref();
    thread.postMessage({ id, start: options } satisfies ToLauncher);
    const lost = ({ message }: Error): FfmpegExit => {
      onLine(message);
      return { code: null, reason: message, started: true };
    };
    const done = answer.catch(lost).finally(() => {
      if (runs.size === 0) thread.unref();
    });
    return {
      done,
      async stop() {
        thread.postMessage({ id, stop: true } satisfies ToLauncher);
        await done;
      },
    };
  }

  return { start, close: async () => void (await current?.terminate()) };
}

function spawnLauncher(runs: Runs, onExit: (gone: Worker) => void): Worker {
  const thread = spawnBeside(import.meta.url, 'launcher.worker');
  let death = 'it ended by itself';
  thread.on('message', (message: FromLauncher) => {
    if ('lines' in message) for (const line of message.lines) runs.noteOf(message.id)?.(line);
    else runs.resolve(message.id, message.exit);
  });
  thread.on('error', ({ message }) => {
    death = message;
  });
  thread.on('exit', () => {
    onExit(thread);
    runs.rejectAll(() => new Error(`The thread that starts ffmpeg is gone: ${death}`));
  });
  return thread;
}
