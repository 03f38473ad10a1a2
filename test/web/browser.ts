/** A headless Chromium, driven over the DevTools protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { WebSocket } from 'ws';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Every other name leads nowhere. */
const NOWHERE = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost';
/** With them it asks for no name and connects to nothing but this machine, whatever it would do in the background. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-client-side-phishing-detection',
  '--disable-breakpad',
  '--no-default-browser-check',
  '--no-pings',
  '--disable-features=OptimizationHints,MediaRouter,Translate,NetworkTimeServiceQuerying',
  `--host-resolver-rules=${NOWHERE}`,
  '--hide-scrollbars',
  '--remote-debugging-port=0',
];

/** The browser on the PATH; null when there is none. */
export function findBrowser(): string | null {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
  return candidates.find(isExecutable) ?? null;
}

/** Sooner than the limit of a test, which says nothing of what the page shows. */
const LONGEST_MS = 100_000;

export interface Page {
  /** The value of an expression in the page; waits for promises. @throws Error what it threw */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true; one that throws is not, yet. @throws Error with what the page complained about */
  until(expression: string, timeoutMs?: number): Promise<void>;
  command<T>(method: string, params?: object): Promise<T>;
  /** Uncaught exceptions, errors on the console, and refused loads, so far. */
  complaints: string[];
  /** Every address that it asked for, so far. */
  requested: string[];
  /** The addresses of all answers that have not ended and of all WebSockets that have not closed: each holds a connection. */
  held(): string[];
}

export interface Browser {
  /** @param beside in a window of its own: a page is hidden as soon as another one opens in the same window */
  open(url: string, beside?: boolean): Promise<Page>;
  close(): Promise<void>;
}

/**
 * @param resolving rules such as `MAP evil.example 127.0.0.2`, which say where names lead
 * @param flags besides those that all have
 */
export async function openBrowser(
  binary: string,
  resolving: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'mien-browser-'));
  const rules = resolving.length === 0 ? [] : [`--host-resolver-rules=${[...resolving, NOWHERE].join(', ')}`];
  const child = spawn(binary, [...FLAGS, ...rules, ...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    // What it keeps beside its profile goes with it.
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const socket = new WebSocket(await addressOf(child));
  await once(socket, 'open');
  const connection = createConnection(socket);
  return {
    open: (url, beside = false) => openPage(connection, url, beside),
    async close() {
      const gone = once(child, 'exit');
      socket.close();
      child.kill('SIGKILL');
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Connection {
  send<T>(method: string, params: object, sessionId?: string): Promise<T>;
  listen(sessionId: string, listener: (method: string, params: Event) => void): void;
}

// biome-ignore lint/suspicious/noExplicitAny: events of many shapes
type Event = any;

function createConnection(socket: WebSocket): Connection {
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, (method: string, params: Event) => void>();
  let last = 0;
  socket.on('message', (text) => {
    const { id, result, error, method, params, sessionId } = JSON.parse(String(text));
    if (id === undefined) return listeners.get(sessionId)?.(method, params);
    const { resolve, reject } = waiting.get(id)!;
    waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result as never);
  });
  return {
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params, sessionId }));
      }),
    listen: (sessionId, listener) => listeners.set(sessionId, listener),
  };
}

async function openPage({ send, listen }: Connection, url: string, newWindow: boolean): Promise<Page> {
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
    newWindow,
  });
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  const command = <T>(method: string, params: object = {}) => send<T>(method, params, sessionId);
  const complaints: string[] = [];
  const requested: string[] = [];
  const held = new Map<string, string>();
  listen(sessionId, (method, params) => {
    const complaint = complaintOf(method, params);
    if (complaint) complaints.push(complaint);
    const asked = BEGINS[method]?.(params);
    if (asked !== undefined) {
      requested.push(asked);
      held.set(params.requestId, asked);
    } else if (ENDS.includes(method)) held.delete(params.requestId);
  });
  await Promise.all(['Page', 'Runtime', 'Log', 'Network'].map((domain) => command(`${domain}.enable`)));
  await command('Page.navigate', { url });

  const evaluate = async <T>(expression: string): Promise<T> => {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await command<Event>('Runtime.evaluate', options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const until = async (expression: string, timeoutMs = LONGEST_MS): Promise<void> => {
    const deadline = Date.now() + timeoutMs;
    let thrown = '';
    const holds = () =>
      evaluate<boolean>(expression).catch((error: Error) => {
        thrown = error.message;
        return false;
      });
    while (!(await holds())) {
      if (Date.now() > deadline) {
        const text = await evaluate<string>('document.body.innerText');
        const said = [thrown, ...complaints].join('\n');
        throw new Error(`waited in vain for ${expression}; ${said}\nthe page says: ${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return { evaluate, until, command, complaints, requested, held: () => [...held.values()] };
}

/** What is asked for, by what tells of it. */
const BEGINS: Partial<Record<string, (params: Event) => string>> = {
  'Network.requestWillBeSent': ({ request }) => request.url,
  'Network.webSocketCreated': ({ url }) => url,
};
const ENDS = ['Network.loadingFinished', 'Network.loadingFailed', 'Network.webSocketClosed'];

function complaintOf(method: string, params: Event): string | null {
  if (method === 'Runtime.exceptionThrown') {
    const { exception, text } = params.exceptionDetails;
    return exception?.description ?? text;
  }
  if (method === 'Log.entryAdded' && params.entry.level === 'error') {
    return `${params.entry.text} ${params.entry.url ?? ''}`;
  }
  if (method === 'Runtime.consoleAPICalled' && params.type === 'error') return JSON.stringify(params.args);
  return null;
}

async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of child.stderr!) {
    said += chunk;
    const found = /DevTools listening on (ws:\S+)/.exec(said);
    if (!found) continue;
    child.stderr!.resume();
    return found[1]!;
  }
  throw new Error(`the browser did not start: ${said}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
