/**
 * Starts ffmpegs from a thread of its own: to start a process is to copy the page tables of this one (5 ms of a
 * server's processor time) and to wait until the new one has come to run (on busy cores 100 ms and more), and
 * meanwhile the thread that asked does nothing else.
 */
import type { Worker } from 'node:worker_threads';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Output } from '../frames/frame-sink.ts';
import { type Exit, type Run, type RunOptions, startFfmpeg } from './ffmpeg-process.ts';

export interface Launch extends Omit<RunOptions, 'target'> {
  output: Output;
  /** Holds this run while it lasts. */
  running: Set<Promise<unknown>>;
}

export interface Launcher {
  /** As `startFfmpeg`; the run is over when all that ffmpeg wrote has been taken, or when taking it threw. */
  start(launch: Launch): Run;
  /** Ends the thread. What still runs is killed. */
  close(): Promise<void>;
}

type Start = Omit<RunOptions, 'target' | 'onLine'> & { target: string };
export type ToThread = { run: number; start: Start } | { run: number; stop: true };
export type FromThread = { run: number; lines: string[] } | { run: number; exit: Exit };

export function createLauncher(): Launcher {
  const thread = createThread();
  return {
    start({ output, running, onLine, ...options }) {
      const { target } = output;
      let thrown: Exit['thrown'];
      // Whoever listens has failed: that is the end of this run, and of nothing else.
      const fail = (error: unknown) => {
        thrown ??= { error };
        output.discard();
        void run.stop();
      };
      const hear = (line: string) => {
        try {
          if (!thrown) onLine(line);
        } catch (error) {
          fail(error);
        }
      };
      // Where frames come by standard output they come to us, and so the process is ours.
      const run =
        typeof target === 'string'
          ? thread.run({ ...options, target }, hear)
          : startFfmpeg({ ...options, target, onLine: hear });
      void output.thrown.then(fail);
      const done = run.done.then(async (exit) => {
        await output.drained(exit.started);
        return thrown ? { ...exit, thrown } : exit;
      });
      running.add(done);
      void done.then(() => running.delete(done));
      return {
        done,
        async stop() {
          await run.stop();
          await done;
        },
      };
    },
    close: thread.close,
  };
}

interface Entry {
  onLine(line: string): void;
  end(exit: Exit): void;
}

/** The thread is there from the first run on, and keeps the process alive while there are any. */
function createThread() {
  const runs = new Map<number, Entry>();
  let worker: Worker | null = null;
  let count = 0;

  function open(): Worker {
    const opened = spawnBeside(import.meta.url, 'ffmpeg-launcher.worker');
    let death = 'it ended by itself';
    opened.on('message', (message: FromThread) => {
      const entry = runs.get(message.run);
      if ('lines' in message) for (const line of message.lines) entry?.onLine(line);
      else entry?.end(message.exit);
    });
    opened.on('error', ({ message }) => {
      death = message;
    });
    opened.on('exit', () => {
      if (worker === opened) worker = null;
      const reason = `The thread that starts ffmpeg is gone: ${death}`;
      for (const { onLine, end } of [...runs.values()]) {
        onLine(reason);
        end({ code: null, reason, started: true });
      }
    });
    return opened;
  }

  function run(start: Start, onLine: (line: string) => void): Run {
    const id = count++;
    worker ??= open();
    const to = worker;
    to.ref();
    const done = new Promise<Exit>((resolve) => {
      const end = (exit: Exit) => {
        runs.delete(id);
        if (runs.size === 0) to.unref();
        resolve(exit);
      };
      runs.set(id, { onLine, end });
    });
    to.postMessage({ run: id, start } satisfies ToThread);
    return {
      done,
      async stop() {
        to.postMessage({ run: id, stop: true } satisfies ToThread);
        await done;
      },
    };
  }

  return { run, close: async () => void (await worker?.terminate()) };
}
