/** Calls into PGlite's thread. A thread that broke is replaced at the next call, as a connection would be. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DriverAdapterError, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Parameter } from '../layout.ts';
import type { FromThread, Request, ThreadSetup, ToThread } from './protocol.ts';

export interface Remote {
  query(query: SqlQuery): Promise<SqlResultSet>;
  /** @returns affected rows */
  execute(query: SqlQuery): Promise<number>;
  script(sql: string): Promise<void>;
  /** Runs a statement that is parsed once. @returns the first column of its rows */
  write(sql: string, values: readonly Parameter[]): Promise<(string | null)[]>;
  /** Ends the thread as a fault would; calls under way fail. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export function openRemote(setup: ThreadSetup): Remote {
  let thread: Worker | null = null;
  let calls = 0;
  const pending = new Map<number, Pending>();

  function start(): Worker {
    const worker = startThread(setup);
    worker.on('message', (message: FromThread) => {
      const call = pending.get(message.call);
      pending.delete(message.call);
      if ('result' in message) call?.resolve(message.result);
      else if ('failure' in message) call?.reject(new DriverAdapterError(message.failure));
      else {
        call?.reject(new Error(`PGlite broke: ${message.broken}`));
        lose(worker, 'PGlite broke');
      }
    });
    worker.on('error', (error) => lose(worker, `PGlite's thread failed: ${error.message}`));
    worker.on('exit', () => lose(worker, "PGlite's thread ended"));
    return worker;
  }

  function lose(worker: Worker, reason: string): void {
    if (worker !== thread) return;
    thread = null;
    void worker.terminate();
    const lost = [...pending.values()];
    pending.clear();
    for (const { reject } of lost) reject(new Error(reason));
  }

  function call(request: Request): Promise<unknown> {
    thread ??= start();
    const message: ToThread = { call: calls++, request };
    return new Promise((resolve, reject) => {
      pending.set(message.call, { resolve, reject });
      thread!.postMessage(message);
    });
  }

  return {
    query: (query) => call({ op: 'query', query }) as Promise<SqlResultSet>,
    execute: (query) => call({ op: 'execute', query }) as Promise<number>,
    write: (sql, values) => call({ op: 'write', sql, values }) as Promise<(string | null)[]>,
    script: (script) => call({ op: 'script', script }) as Promise<never>,
    async abandon() {
      const worker = thread;
      if (worker === null) return;
      await worker.terminate();
      lose(worker, "PGlite's thread was ended");
    },
    async close() {
      if (thread === null) return;
      await call({ op: 'close' });
      const worker = thread;
      thread = null;
      await worker.terminate();
    },
  };
}

function startThread(setup: ThreadSetup): Worker {
  // From sources (tests, tsx) Node needs a loader; what is built runs as it is.
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? './thread.ts' : './thread.js', import.meta.url);
  if (!fromSource) return new Worker(file, { workerData: setup });
  const loader = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/cjs$/, 'mjs'),
  ).href;
  const boot = `import('${loader}').then(({ register }) => { register(); return import('${file}'); })`;
  return new Worker(boot, { eval: true, workerData: setup });
}
