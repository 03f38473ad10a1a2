/** The real program in a process of its own, on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { program } from '../helpers/program.ts';

export interface Server {
  url: string;
  process: ChildProcess;
  /** Everything on stderr so far. */
  log(): string;
  query<T>(document: string, variables?: Record<string, unknown>): Promise<T>;
  socket(): Client;
  /** Signals, and waits for the end. Gives the exit code, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `mien serve` and waits until it serves. @throws Error with its log when it ends instead */
export async function startServer(env: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, [...program(), 'serve'], {
    env: { ...process.env, PORT: '0', MIEN_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const url = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const found = /http:\/\/\S+\/graphql/.exec(out);
      if (found) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
  });
  return {
    url,
    process: child,
    log: () => log,
    query: (document, variables) => query(url, document, variables),
    socket: () =>
      createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 }),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const over = once(child, 'exit');
      child.kill(signal);
      await over;
      return child.exitCode;
    },
  };
}

async function query<T>(url: string, document: string, variables = {}): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

interface Timeline {
  session: { timeline: { nodes: { seq: number }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
}

/** The sequence numbers of all that is stored of a session, in the order of its timeline. */
export async function seqsOf(server: Server, sessionId: string): Promise<number[]> {
  const document = `query ($after: String) { session(id: "${sessionId}") { timeline(first: 1000, after: $after) {
    nodes { seq } pageInfo { hasNextPage endCursor } } } }`;
  const seqs: number[] = [];
  for (let after: string | null = null; ; ) {
    const { session }: Timeline = await server.query<Timeline>(document, { after });
    seqs.push(...session.timeline.nodes.map(({ seq }) => seq));
    if (!session.timeline.pageInfo.hasNextPage) return seqs;
    after = session.timeline.pageInfo.endCursor;
  }
}
