/** A program as a stranger's machine would run it: an empty home, nothing of this environment but PATH, and every try to leave seen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tracer } from './tracer.ts';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Tries to leave this machine. */
  tries: string[];
  /** Files below its home, by their paths from there. */
  files: string[];
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Called at the start; whoever signals the program does so here. */
  during?: (child: ChildProcess, stdout: () => string) => Promise<void>;
}

/** Runs it to its end. `CI` is not set, whatever runs the tests. */
export async function runOutside(
  tracer: Tracer,
  program: readonly string[],
  { env = {}, cwd, during }: RunOptions = {},
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-outside-'));
  const [home, report] = [join(directory, 'home'), join(directory, 'report')];
  await mkdir(home);
  try {
    const [command = '', ...args] = tracer.wrap(report, program);
    const child = spawn(command, args, {
      env: { PATH: process.env.PATH ?? '', HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
    });
    const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
    // The tracer holds the pipes too: once they are closed, its report is whole.
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await during?.(child, stdout);
    const code = await ended;
    const tries = tracer.tries(await readFile(report, 'utf8'));
    return { code, stdout: stdout(), stderr: stderr(), tries, files: await filesBelow(home) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function gather(stream: NodeJS.ReadableStream): () => string {
  let all = '';
  stream.setEncoding('utf8').on('data', (text) => {
    all += text;
  });
  return () => all;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
