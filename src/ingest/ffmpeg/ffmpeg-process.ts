/** The only file that knows fluent-ffmpeg: one run of ffmpeg, from its start to its certain end. */
import type { ChildProcess } from 'node:child_process';
import { platform, setPriority } from 'node:os';
import type { Writable } from 'node:stream';
import createCommand from 'fluent-ffmpeg';
import type { FfmpegArguments } from './ffmpeg-args.ts';
import { killWithParent, NICENESS } from './kill-with-parent.ts';

export interface FfmpegRun {
  /** Resolves when ffmpeg is gone; never rejects. */
  done: Promise<FfmpegExit>;
  /** SIGTERM, after two seconds SIGKILL; resolves when ffmpeg is gone, or was abandoned. May be called twice. */
  stop(): Promise<void>;
}

export interface FfmpegExit {
  /** Null when a signal ended it, or when it could not be started. */
  code: number | null;
  /** Why it ended, in fluent-ffmpeg's words; null after a clean end. */
  reason: string | null;
  /** Whether the process was started at all. */
  started: boolean;
  /** It did not end though it was killed, as when a driver hangs: nobody waits for it any more. */
  abandoned?: true;
  /** What its reader threw while it took lines or frames, which ended the run. */
  thrown?: { error: unknown };
}

export interface FfmpegRunOptions {
  ffmpegPath: string;
  /** What comes before it, so that it runs confined. */
  confine: readonly string[];
  /** By how much its priority is lower than this process's, 0 to 19. Default `NICENESS`. */
  niceness?: number | undefined;
  url: string;
  args: FfmpegArguments;
  /** Where its frames go, as fluent-ffmpeg takes it. */
  target: Writable | string;
  /** Called with each line of its stderr, cut to `MAX_LINE_LENGTH`. */
  onLine(line: string): void;
}

const KILL_AFTER_MS = 2000;
/** After SIGKILL. */
const ABANDON_AFTER_MS = 3000;
/** In characters. A source decides how long ffmpeg's lines are. */
const MAX_LINE_LENGTH = 2048;

/** Blocks the event loop until the system has made the process: see `ffmpeg-launcher.ts`. */
export function startFfmpeg(options: FfmpegRunOptions): FfmpegRun {
  const command = createGuardedCommand(options);
  let started = false;
  let stopping = false;
  let abandon = () => {};
  const term = () => {
    if (started) command.kill('SIGTERM');
  };
  const done = new Promise<FfmpegExit>((resolve) => {
    const reason = 'ffmpeg did not end, though it was killed';
    abandon = () => resolve({ code: null, reason, started, abandoned: true });
    command
      .on('start', () => {
        started = true;
        // Elsewhere the shell that runs it has done so.
        if (platform() === 'win32') stepBack(command, options.niceness);
        if (stopping) term(); // a kill before the start has no effect
      })
      .on('stderr', (line: string) => options.onLine(line.slice(0, MAX_LINE_LENGTH)))
      .on('end', () => resolve({ code: 0, reason: null, started }))
      .on('error', ({ message }: Error) => resolve({ code: exitCode(message), reason: message, started }));
  });
  command.run();

  return {
    done,
    async stop() {
      if (!stopping) {
        stopping = true;
        term();
      }
      const force = setTimeout(() => command.kill('SIGKILL'), KILL_AFTER_MS);
      const giveUp = setTimeout(abandon, KILL_AFTER_MS + ABANDON_AFTER_MS);
      await done;
      clearTimeout(force);
      clearTimeout(giveUp);
    },
  };
}

function createGuardedCommand({ ffmpegPath, confine, niceness, url, args, target }: FfmpegRunOptions) {
  const { path, prefix } = killWithParent(ffmpegPath, confine, niceness);
  // Arguments are passed one by one: fluent-ffmpeg splits an array element that holds one space.
  const command = createCommand({ stdoutLines: 1 })
    .setFfmpegPath(path)
    .input(url)
    .inputOptions(...(prefix.concat(args.input) as [string]))
    .output(target, { end: true })
    .outputOptions(...(args.output as [string]));
  skipCapabilityChecks(command);
  return command;
}

function stepBack(command: createCommand.FfmpegCommand, niceness = NICENESS): void {
  const { pid } = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
  try {
    if (pid !== undefined) setPriority(pid, niceness);
  } catch (error) {
    // It has ended already.
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
  }
}

/**
 * Before its first run fluent-ffmpeg asks ffmpeg for its formats and encoders, which takes two processes, and
 * misreads the answer of ffmpeg 7. Our arguments are fixed, so nothing has to be asked.
 */
function skipCapabilityChecks(command: createCommand.FfmpegCommand): void {
  const able = { canMux: true, canDemux: true };
  const formats = new Proxy({}, { has: () => true, get: () => able });
  Object.assign(command, {
    availableFormats: (done: (error: null, formats: object) => void) => done(null, formats),
    availableEncoders: (done: (error: null, encoders: object) => void) => {
      try {
        done(null, {});
      } catch (error) {
        // It starts ffmpeg, and Node throws where an argument is too long, or no memory is left for a process.
        command.emit('error', error);
      }
    },
  });
}

function exitCode(message: string): number | null {
  const code = /^ffmpeg exited with code (\d+)/.exec(message)?.[1];
  return code === undefined ? null : Number(code);
}
