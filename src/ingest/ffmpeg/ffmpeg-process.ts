/** The only file that knows fluent-ffmpeg: one run of ffmpeg, from its start to its certain end. */
import type { Writable } from 'node:stream';
import createCommand from 'fluent-ffmpeg';
import type { Arguments } from './ffmpeg-args.ts';
import { guarded } from './kill-with-parent.ts';

export interface Run {
  /** Resolves when ffmpeg is gone; never rejects. */
  done: Promise<Exit>;
  /** SIGTERM, after two seconds SIGKILL; resolves when ffmpeg is gone. Does no harm twice. */
  stop(): Promise<void>;
}

export interface Exit {
  /** Null when a signal ended it, or when it could not be started. */
  code: number | null;
  /** Why it ended, in fluent-ffmpeg's words; null after a clean end. */
  reason: string | null;
  /** Whether it ran at all. */
  started: boolean;
  /** What was thrown while its lines or frames were taken, which ended it. */
  thrown?: { error: unknown };
}

export interface RunOptions {
  ffmpegPath: string;
  url: string;
  args: Arguments;
  proxy?: string | undefined;
  /** Where its frames go, as fluent-ffmpeg takes it. */
  target: Writable | string;
  /** Lines longer than `LONGEST_LINE` are cut. */
  onLine(line: string): void;
}

const PATIENCE_MS = 2000;
/** Characters. A source decides how long ffmpeg's lines are. */
export const LONGEST_LINE = 2048;

/** Blocks the event loop until the system has made the process, which takes as long as it takes: see `launch.ts`. */
export function startFfmpeg({ ffmpegPath, url, args, proxy, target, onLine }: RunOptions): Run {
  const { path, prefix } = guarded(ffmpegPath, proxy);
  // Arguments are passed one by one: an array element that holds one space would be split.
  const command = createCommand({ stdoutLines: 1 })
    .setFfmpegPath(path)
    .input(url)
    .inputOptions(...(prefix.concat(args.input) as [string]))
    .output(target, { end: true })
    .outputOptions(...(args.output as [string]));
  spareCapabilityChecks(command);

  let started = false;
  let stopping = false;
  const term = () => {
    if (started) command.kill('SIGTERM');
  };
  const done = new Promise<Exit>((resolve) => {
    command
      .on('start', () => {
        started = true;
        if (stopping) term(); // a kill before the start would have done nothing
      })
      .on('stderr', (line: string) => onLine(line.slice(0, LONGEST_LINE)))
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
      const force = setTimeout(() => command.kill('SIGKILL'), PATIENCE_MS);
      await done;
      clearTimeout(force);
    },
  };
}

/**
 * Before its first run fluent-ffmpeg asks ffmpeg for its formats and encoders, which costs two processes, and
 * misreads the answer of ffmpeg 7. Our arguments are fixed, so we answer for it.
 */
function spareCapabilityChecks(command: createCommand.FfmpegCommand): void {
  const able = { canMux: true, canDemux: true };
  const formats = new Proxy({}, { has: () => true, get: () => able });
  Object.assign(command, {
    availableFormats: (done: (error: null, formats: object) => void) => done(null, formats),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
  });
}

function exitCode(message: string): number | null {
  const code = /^ffmpeg exited with code (\d+)/.exec(message)?.[1];
  return code === undefined ? null : Number(code);
}
