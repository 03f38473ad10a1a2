/** A NATS server in a process of its own, which can be killed, stopped and started anew on its port. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../api/harness.ts';
import { freePort } from './free-port.ts';

/** Debian puts it where only root's shells look. */
const NATS_SERVER = ['nats-server', '/usr/sbin/nats-server'].find(
  (path) => spawnSync(path, ['-v']).error === undefined,
);
if (NATS_SERVER === undefined && process.env.CI)
  throw new Error('Install nats-server: `apt-get install nats-server`.');
if (NATS_SERVER === undefined)
  console.warn(
    'SKIPPED: servers that share a database were not tried with NATS; nats-server is not installed',
  );

export const HAS_NATS = NATS_SERVER !== undefined;

export interface NatsServer {
  url: string;
  start(): Promise<void>;
  /** Without a word. */
  kill(): Promise<void>;
  /** It keeps its connections, and reads and answers nothing. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** @param config lines of its configuration */
export async function openNats(config = ''): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-nats-'));
  const port = await freePort();
  const file = join(directory, 'nats.conf');
  await writeFile(file, `listen: "127.0.0.1:${port}"\nwrite_deadline: "2s"\n${config}\n`);
  let running: ChildProcess | null = null;
  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    async start() {
      running = spawn(NATS_SERVER!, ['-c', file], { stdio: 'ignore' });
      await until(() => answers(port), 'NATS answers');
    },
    async kill() {
      if (running === null || running.exitCode !== null || running.signalCode !== null) return;
      const over = once(running, 'exit');
      running.kill('SIGKILL');
      await over;
    },
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
    async close() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    // Who says nothing is another.
    socket.setTimeout(1000, () => tell(false));
    socket.once('data', () => tell(true)).once('error', () => tell(false));
  });
}
