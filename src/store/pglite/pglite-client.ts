/** Calls into PGlite's thread. A thread that broke is replaced at the next call, as a connection would be. */
import type { Worker } from 'node:worker_threads';
import { DriverAdapterError, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Parameter } from '../commit/parameter-layout.ts';
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
    const worker = spawnBeside(import.meta.url, 'pglite.worker', { workerData: setup });
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
