/** `mien serve` in a process of its own, its metrics, and what it costs with its children. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Clock ticks per second of /proc. */
const TICKS = 100;

export interface Server {
  /** Of /graphql. */
  url: string;
  /** A looping file, ten frames scored per second of video, in real time unless told otherwise; gives the stream's id. */
  watch(file: string, name: string, options?: { realtime: boolean }): Promise<string>;
  metrics(): Promise<Metrics>;
  /** Processor seconds so far of the server and its ffmpegs, those that ended left out. */
  cpuSeconds(): number;
  /** Megabytes: the server's own, and with its ffmpegs; shared pages counted once. */
  memory(): { server: number; all: number };
  stop(): Promise<void>;
}

/** Sums over labels, by name. */
export type Metrics = (name: string) => number;

const REGISTER = `mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { id } }`;

/** @param databaseUrl default: PGlite in a temporary directory */
export async function startServer(mediaDir: string, databaseUrl?: string): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const env = {
    ...process.env,
    ...{ PORT: '0', HOST: '127.0.0.1', MIEN_DATA_DIR: dataDir, MIEN_MEDIA_DIR: mediaDir },
    ...{ MIEN_DEMO: 'false', MIEN_LOG_LEVEL: 'warn', ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
  };
  const args = [...(process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []), '--import', 'tsx', MAIN, 'serve'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(child);
  return {
    url,
    watch: (file, name, { realtime } = { realtime: true }) => register(url, file, name, realtime),
    metrics: () => readMetrics(new URL('/metrics', url)),
    cpuSeconds: () => family(child.pid!).reduce((sum, pid) => sum + cpuOf(pid), 0),
    memory: () => ({
      server: memoryOf(child.pid!),
      all: family(child.pid!).reduce((sum, pid) => sum + memoryOf(pid), 0),
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

async function register(url: string, file: string, name: string, realtime: boolean): Promise<string> {
  const input = { name, source: { file }, purpose: 'RESEARCH', frameRate: 10, loop: true, realtime };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: REGISTER, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { registerStream: { id: string } };
    errors?: { message: string }[];
  };
  if (!data) throw new Error(errors?.[0]?.message ?? 'the stream was not registered');
  return data.registerStream.id;
}

async function readMetrics(url: URL): Promise<Metrics> {
  const lines = (await (await fetch(url)).text()).split('\n');
  return (name) =>
    lines
      .filter((text) => text.startsWith(`${name} `) || text.startsWith(`${name}{`))
      .reduce((sum, text) => sum + Number(text.slice(text.lastIndexOf(' '))), 0);
}

function family(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => family(Number(child))))];
}

function cpuOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}

function memoryOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** Nothing where a process is gone, or /proc is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
