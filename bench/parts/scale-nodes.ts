/** What several servers are made of: NATS, APIs and workers, as processes of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/helpers/free-port.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('../../test/scale/synthetic-workers.ts', import.meta.url));
const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

export interface Nats {
  url: string;
  stop(): Promise<void>;
}

/** Null, and told to be left out, where it is not installed. */
export async function startNats(leftOut: (what: string) => void): Promise<Nats | null> {
  const program = ['nats-server', '/usr/sbin/nats-server'].find(
    (path) => spawnSync(path, ['-v']).error === undefined,
  );
  if (program === undefined) {
    leftOut('NATS: nats-server is not installed');
    return null;
  }
  const directory = mkdtempSync(join(tmpdir(), 'mien-bench-nats-'));
  const port = await freePort();
  const file = join(directory, 'nats.conf');
  writeFileSync(file, `listen: "127.0.0.1:${port}"\nwrite_deadline: "2s"\n`);
  const child = spawn(program, ['-c', file], { stdio: 'ignore' });
  await sleep(500);
  if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
  return {
    url: `nats://127.0.0.1:${port}`,
    async stop() {
      await kill(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface Api {
  port: number;
  stop(): Promise<void>;
}

/** `mien api`, for clients of one address. */
export async function startApi(databaseUrl: string, natsUrl: string): Promise<Api> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const many = String(1e6);
  const env = {
    ...process.env,
    ...{ PORT: '0', HOST: '127.0.0.1', DATABASE_URL: databaseUrl, NATS_URL: natsUrl, MIEN_DATA_DIR: dataDir },
    ...{ MIEN_SECRET_KEY: SECRET_KEY, MIEN_LOG_LEVEL: 'warn' },
    ...{ MIEN_MAX_CONNECTIONS: many, MIEN_MAX_CONNECTIONS_PER_ADDRESS: many },
    ...{ MIEN_MAX_SUBSCRIBERS: many, MIEN_MAX_REQUEST_RATE: many },
  };
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'api'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = Number((await says(child, /http:\/\/localhost:(\d+)/))[1]);
  return {
    port,
    async stop() {
      await kill(child);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A worker without ffmpeg and models, once so many streams of its own run. */
export async function startWorker(databaseUrl: string, streams: number): Promise<{ kill(): Promise<void> }> {
  const config = JSON.stringify({ databaseUrl, dataDir: tmpdir() });
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER, config, '1', String(streams)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await says(child, /ready/);
  return { kill: () => kill(child) };
}

async function says(child: ChildProcess, what: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
      const found = what.exec(out);
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`a server ended with ${code}`)));
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}
