/** `mien` as a child process, on the tiny models, with videos of bright squares. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { findFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-path.ts';
import { loadProgram, program } from '../helpers/program.ts';
import { writeTinyModels } from '../helpers/tiny-models.ts';

const ffmpeg = await findFfmpeg(process.env.FFMPEG_PATH);

export interface Workplace {
  directory: string;
  env: Record<string, string>;
  /** A white square on black. @param name decides the format; with `seconds` 0, one picture */
  square(name: string, seconds?: number, frameRate?: number): Promise<string>;
  ffmpeg(...args: string[]): Promise<unknown>;
  write(name: string, content: string | Uint8Array): Promise<string>;
  dispose(): Promise<void>;
}

export async function workplace(): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-cli-'));
  const at = (name: string) => join(directory, name);
  const make = (...args: string[]) => promisify(execFile)(ffmpeg.path, ['-loglevel', 'error', ...args]);
  await writeTinyModels(at('models'));
  return {
    directory,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      ...(process.env.FFMPEG_PATH && { FFMPEG_PATH: process.env.FFMPEG_PATH }),
      MIEN_MODELS: at('models'),
      MIEN_DEVICE: 'cpu',
      MIEN_WORKERS: '1',
      MIEN_DATA_DIR: at('data'),
      MIEN_MEDIA_DIR: directory,
      MIEN_LOG_LEVEL: 'warn',
      PORT: '0',
    },
    async square(name, seconds = 0, frameRate = 10) {
      const input = `color=black:s=320x240:r=${frameRate}:d=${Math.max(seconds, 0.1)}`;
      const box = 'drawbox=x=100:y=60:w=80:h=80:color=white:t=200';
      const end = seconds === 0 ? ['-frames:v', '1'] : ['-c:v', 'mpeg4', '-q:v', '2'];
      await make('-f', 'lavfi', '-i', input, '-vf', box, ...end, at(name));
      return at(name);
    },
    ffmpeg: make,
    async write(name, content) {
      await writeFile(at(name), content);
      return at(name);
    },
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface Finished {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  finished: Promise<Finished>;
}

/** @param input what it reads from stdin; nothing by default. @param cwd where it is started; default: where the tests are */
export function start(args: string[], env: Record<string, string>, input?: string, cwd?: string): Running {
  const child = spawn(process.execPath, [...program(), ...args], {
    env,
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

export const run = (
  args: string[],
  env: Record<string, string>,
  input?: string,
  cwd?: string,
): Promise<Finished> => start(args, env, input, cwd).finished;

/**
 * The same command in the process of the test, where nothing has to be loaded anew: for what it answers and leaves behind. How it is started,
 * stopped and killed takes a process of its own.
 */
export async function runHere(args: string[], env: Record<string, string>, input = ''): Promise<Finished> {
  const [stdout, stderr] = [collector(), collector()];
  const command = await loadProgram();
  const code = await command.run(args, command.version, {
    ...{ env, pid: process.pid, stdin: Readable.from([input]), stdout: stdout.stream, stderr: stderr.stream },
    stopped: new Promise(() => {}),
    exit(asked) {
      throw new Error(`the command ends its process with ${asked}`);
    },
  });
  return { code, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(): { stream: Writable; text(): string } {
  const parts: Buffer[] = [];
  const write = (part: Buffer, _encoding: string, done: () => void) => {
    parts.push(part);
    done();
  };
  return { stream: new Writable({ write }), text: () => Buffer.concat(parts).toString() };
}
