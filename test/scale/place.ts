/** Servers of each role over one database, one NATS and one data directory, behind a balancer, as a deployment has them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { WebSocket } from 'ws';
import { createMien, type Mien } from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type NatsServer, openNats } from '../helpers/nats-server.ts';
import { program } from '../helpers/program.ts';

export type RoleName = 'api' | 'worker' | 'serve';

export interface Node {
  role: RoleName;
  /** Of its port. */
  url: string;
  port: number;
  process: ChildProcess;
  mien: Mien;
  log(): string;
  /** Signals, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface Scale {
  place: Workplace;
  database: TestDatabase;
  nats: NatsServer;
  client: pg.Client;
  env: Record<string, string>;
  balancer: Balancer;
  /** Starts one, and has the balancer ask it when it is an API. */
  start(role: RoleName, env?: Record<string, string>): Promise<Node>;
  /** The worker that runs the stream now. */
  workerOf(streamId: string): Promise<Node>;
  close(): Promise<void>;
}

export async function openScale(): Promise<Scale> {
  const [place, database, nats] = [await workplace(), await createDatabase('server'), await openNats()];
  const client = new pg.Client({ connectionString: database.config.databaseUrl });
  await client.connect();
  const balancer = await openBalancer();
  const nodes: Node[] = [];
  const env = {
    ...{ ...place.env, DATABASE_URL: database.config.databaseUrl!, NATS_URL: nats.url, MIEN_DEMO: 'false' },
    ...{ MIEN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'), MIEN_LOG_LEVEL: 'info' },
  };
  return {
    ...{ place, database, nats, client, env, balancer },
    async start(role, more = {}) {
      const node = await startNode(role, { ...env, ...more });
      nodes.push(node);
      if (role !== 'worker') balancer.add(node.port);
      return node;
    },
    async workerOf(streamId) {
      const sql = `SELECT worker.name FROM session JOIN worker ON worker.id = worker_id
        WHERE stream_id = $1 AND state IN ('STARTING', 'RUNNING', 'RECONNECTING')`;
      const [row] = (await client.query<{ name: string }>(sql, [streamId])).rows;
      // The name is that of its host and its process.
      const found = nodes.find(({ process: { pid } }) => row?.name.endsWith(` ${pid}`));
      if (found) return found;
      throw new Error(`nobody runs the stream ${streamId}`);
    },
    async close() {
      for (const { process: child } of nodes) child.kill('SIGCONT');
      await Promise.all(nodes.map((node) => node.end('SIGTERM')));
      await balancer.close();
      await client.end();
      await nats.close();
      await place.dispose();
      await database.dispose();
    },
  };
}

/** @throws Error with its log when it ends instead of serving */
async function startNode(role: RoleName, env: Record<string, string>): Promise<Node> {
  const child = spawn(process.execPath, [...program(), role], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, log] = ['', ''];
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const found = /http:\/\/localhost:\d+/.exec(out);
      if (found) resolve(found[0].replace('localhost', '127.0.0.1'));
    });
    child.once('exit', (code) => reject(new Error(`mien ${role} ended with ${code}:\n${log}`)));
  });
  return {
    ...{ role, url, port: Number(new URL(url).port), process: child, log: () => log },
    mien: createMien({ url }),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const over = once(child, 'exit');
      child.kill(signal);
      await over;
      return child.exitCode;
    },
  };
}

export interface Balancer {
  url: string;
  add(port: number): void;
  close(): Promise<void>;
}

/** Connections go to each in turn; one that refuses is left out, as by Caddy. */
async function openBalancer(): Promise<Balancer> {
  let ports: number[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const join = (client: Socket, left: number): void => {
    const [port] = ports;
    if (port === undefined || left === 0) return void client.destroy();
    ports = [...ports.slice(1), port];
    const upstream = connect(port, '127.0.0.1');
    upstream.once('error', () => {
      ports = ports.filter((one) => one !== port);
      join(client, left - 1);
    });
    upstream.once('connect', () => {
      keep(upstream);
      client.pipe(upstream).pipe(client);
      upstream.once('close', () => client.destroy());
      client.once('close', () => upstream.destroy());
    });
  };
  const server = createServer((client) => {
    keep(client);
    join(client, ports.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (port) => void ports.push(port),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Seen {
  sessionId: string;
  seq: number;
  skippedBefore: number;
  /** When it came, in milliseconds. */
  at: number;
}

export interface Viewer {
  seen: Seen[];
  leave(): void;
}

/** Follows a stream through broken connections, as a program does. */
export function follow(url: string, streamId: string, transport: 'sse' | 'websocket' = 'sse'): Viewer {
  const leaving = new AbortController();
  const seen: Seen[] = [];
  const mien = createMien({
    url,
    ...(transport === 'websocket' && { transport: webSocket({ webSocketImpl: WebSocket }) }),
  });
  const document = `subscription ($streamId: ID, $after: String) { frameEmotions(streamId: $streamId, after: $after) {
    sessionId seq cursor skippedBefore } }`;
  const run = async () => {
    const moments = mien.follow<{ frameEmotions: Omit<Seen, 'at'> }>(
      document,
      { streamId },
      { signal: leaving.signal },
    );
    for await (const moment of moments) seen.push({ ...(moment as Omit<Seen, 'at'>), at: performance.now() });
  };
  run().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return { seen, leave: () => leaving.abort() };
}

/** All that is stored of a stream, in the order of its sessions: `session number/seq`. */
export async function storedOf(client: pg.Client, streamId: string): Promise<string[]> {
  const sql = `SELECT session_id::text AS session, seq::int FROM moment JOIN session ON session.id = session_id
    WHERE stream_id = $1 ORDER BY ordinal, seq`;
  const { rows } = await client.query<{ session: string; seq: number }>(sql, [streamId]);
  return rows.map(({ session, seq }) => `${session}/${seq}`);
}

export const keyOf = ({ sessionId, seq }: Pick<Seen, 'sessionId' | 'seq'>) => `${sessionId}/${seq}`;

/** Waits until its newest session has moments. @param sessions how many there are then, at least */
export async function untilRuns(
  client: pg.Client,
  streamId: string,
  sessions: number,
  ms = 120_000,
): Promise<void> {
  const sql = 'SELECT state::text, last_seq FROM session WHERE stream_id = $1 ORDER BY ordinal';
  await until(
    async () => {
      const { rows } = await client.query<{ state: string; last_seq: number }>(sql, [streamId]);
      const newest = rows.at(-1);
      return rows.length >= sessions && newest!.state === 'RUNNING' && newest!.last_seq > 0;
    },
    `session ${sessions} of the stream runs`,
    ms,
  );
}

/** The longest time without a moment, in milliseconds. */
export function longestGap(seen: readonly Seen[]): number {
  return Math.max(0, ...seen.slice(1).map(({ at }, before) => at - seen[before]!.at));
}

/** How long a stream had no session between one and the next, in milliseconds by the database's clock. */
export async function pausesOf(client: pg.Client, streamId: string): Promise<number[]> {
  const sql = `SELECT (extract(epoch FROM started_at - lag(ended_at) OVER (ORDER BY ordinal)) * 1000)::int AS pause
    FROM session WHERE stream_id = $1 ORDER BY ordinal`;
  const { rows } = await client.query<{ pause: number | null }>(sql, [streamId]);
  return rows.flatMap(({ pause }) => pause ?? []);
}
