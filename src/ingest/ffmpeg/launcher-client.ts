/** This side of the process that starts ffmpegs: its requests, and the messages that come back. */
import type { ChildProcess } from 'node:child_process';
import { forkBeside } from '../../threads/fork.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import type { FfmpegExit, FfmpegRun, FfmpegRunOptions } from './ffmpeg-process.ts';

type OnLine = (line: string) => void;
/** What can be sent to another process. */
type StartOptions = Omit<FfmpegRunOptions, 'target' | 'onLine'> & { target: string };
export type ToLauncher = { id: number; start: StartOptions } | { id: number; stop: true };
export type FromLauncher = { id: number; lines: string[] } | { id: number; exit: FfmpegExit };

/** As `startFfmpeg`, in the other process. */
export type StartInLauncher = (options: StartOptions, onLine: OnLine) => FfmpegRun;

type Runs = PendingRequests<FfmpegExit, OnLine>;

/**
 * The launcher is started at once, while this process is small, and keeps it alive only while any run lasts. One that died is
 * replaced at the next run; closed, it stays so, and a run is over before it began.
 */
export function createLauncherClient(): { start: StartInLauncher; close(): Promise<void> } {
  const runs: Runs = new PendingRequests();
  let current: ChildProcess | null = null;
  let isClosed = false;
  const launch = (): ChildProcess =>
    forkLauncher(runs, (gone) => {
      if (current === gone) current = null;
    });
  current = launch();
  keepAlive(current, false);

  function start(options: StartOptions, onLine: OnLine): FfmpegRun {
    if (isClosed) return neverStarted(onLine);
    current ??= launch();
    const launcher = current;
    const { id, answer } = runs.open(onLine);
    keepAlive(launcher, true);
    send(launcher, { id, start: options });
    const lost = ({ message }: Error) => tellExit(message, true, onLine);
    const done = answer.catch(lost).finally(() => {
      if (runs.size === 0) keepAlive(launcher, false);
    });
    return {
      done,
      async stop() {
        send(launcher, { id, stop: true });
        await done;
      },
    };
  }

  return {
    start,
    async close() {
      isClosed = true;
      if (current) await kill(current);
    },
  };
}

function neverStarted(onLine: OnLine): FfmpegRun {
  const reason = 'The process that starts ffmpeg was closed, and starts no more.';
  return { done: Promise.resolve(tellExit(reason, false, onLine)), stop: async () => {} };
}

/** An end that no ffmpeg tells, as the last line of its log. */
function tellExit(reason: string, started: boolean, onLine: OnLine): FfmpegExit {
  onLine(reason);
  return { code: null, reason, started };
}

function forkLauncher(runs: Runs, onGone: (gone: ChildProcess) => void): ChildProcess {
  const launcher = forkBeside(import.meta.url, 'launcher.child', {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  launcher.on('message', (message: FromLauncher) => {
    if ('lines' in message) for (const line of message.lines) runs.noteOf(message.id)?.(line);
    else runs.resolve(message.id, message.exit);
  });
  const gone = (why: string) => {
    onGone(launcher);
    runs.rejectAll(() => new Error(`The process that starts ffmpeg is gone: ${why}`));
  };
  launcher.on('error', ({ message }) => gone(message));
  launcher.on('exit', (code, signal) => gone(signal ?? `it ended with ${code}`));
  return launcher;
}

/** Where the launcher is gone, or never came to be, its end answers: an error here says nothing new. */
function send(launcher: ChildProcess, message: ToLauncher): void {
  // One that the system could not start has no channel.
  if (launcher.channel) launcher.send(message, () => {});
}

/** Whether this process waits for messages of the launcher before it ends. */
function keepAlive(launcher: ChildProcess, isNeeded: boolean): void {
  for (const handle of [launcher, launcher.channel]) {
    if (isNeeded) handle?.ref();
    else handle?.unref();
  }
}

/** Its ffmpegs die with it. */
async function kill(launcher: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => launcher.once('exit', resolve));
  if (launcher.pid === undefined || launcher.exitCode !== null || launcher.signalCode !== null) return;
  launcher.ref();
  launcher.kill('SIGKILL');
  await gone;
}
