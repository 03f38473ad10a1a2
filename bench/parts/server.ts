/** `mien serve` in a process of its own, its metrics, and what it costs with its ffmpegs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DetectSize } from '../../src/domain/detect-size.ts';
import { type Metrics, parseMetrics } from './metrics.ts';
import { type Usage, usageBelow, usageOf } from './process-tree.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** ffmpeg, and the shell that ends it with the server. */
const DECODING = ['ffmpeg', 'sh'] as const;

export interface Server {
  /** Of /graphql. */
  url: string;
  pid: number;
  /** A looping file, ten frames scored per second of video, in real time unless told otherwise; gives the stream's id. */
  startStream(file: string, name: string, options?: StreamOptions): Promise<string>;
  stopStream(id: string): Promise<void>;
  metrics(): Promise<Metrics>;
  /**
   * So far; of ffmpegs that ended, their processor time.
   * @param atLeast ffmpegs that have to run now; default: one for each stream that was started
   * @throws Error when there are fewer
   */
  usage(atLeast?: number): { server: Usage; ffmpeg: Usage };
  stop(): Promise<void>;
}

/** As `registerStream` takes them. */
export interface StreamOptions {
  realtime?: boolean;
  preview?: boolean;
  detectSize?: DetectSize;
}

const STOP = `mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id } } }`;
const REGISTER = `mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }`;

/**
 * @param databaseUrl default: PGlite in `dataDir`
 * @param dataDir removed when it stops; default: a temporary directory
 * @param more of its environment
 */
export async function startServer(
  mediaDir: string,
  databaseUrl?: string,
  dataDir = mkdtempSync(join(tmpdir(), 'mien-bench-')),
  more: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const env = {
    ...{ ...process.env, ...more },
    ...{ PORT: '0', HOST: '127.0.0.1', MIEN_DATA_DIR: dataDir, MIEN_MEDIA_DIR: mediaDir },
    ...{ MIEN_DEMO: 'false', MIEN_LOG_LEVEL: 'warn', ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
  };
  const args = [...(process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []), '--import', 'tsx', MAIN, 'serve'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(child);
  let streams = 0;
  return {
    ...{ url, pid: child.pid! },
    async startStream(file, name, options = {}) {
      const id = await register(url, file, name, options);
      streams += 1;
      return id;
    },
    async stopStream(id) {
      await ask(url, STOP, { id });
      streams -= 1;
    },
    metrics: async () => parseMetrics(await (await fetch(new URL('/metrics', url))).text()),
    usage: (atLeast = streams) => ({
      server: usageOf(child.pid!),
      ffmpeg: usageBelow(child.pid!, DECODING, atLeast),
    }),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
      const found = /http:\/\/\S+\/graphql/.exec(out);
      if (found) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

async function register(url: string, file: string, name: string, options: StreamOptions): Promise<string> {
  const usual = { purpose: 'RESEARCH', frameRate: 10, loop: true, realtime: true };
  const input = { name, source: { file }, ...usual, ...options };
  const { registerStream } = await ask<{ registerStream: { stream: { id: string } } }>(url, REGISTER, {
    input,
  });
  return registerStream.stream.id;
}

/** @throws Error what the server says is wrong */
export async function ask<Data>(url: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (!data || errors) throw new Error(errors?.[0]?.message ?? 'the server gave no data');
  return data;
}
