/** Requests to PGlite's thread. A thread that broke is replaced at the next request, as a connection would be. */
import type { Worker } from 'node:worker_threads';
import { DriverAdapterError, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Parameter } from '../sql/parameters.ts';
import type {
  PgliteOperation,
  PgliteRequest,
  PgliteResponse,
  PgliteResult,
  PgliteWorkerData,
} from './pglite-protocol.ts';

export interface PgliteClient {
  query(query: SqlQuery): Promise<SqlResultSet>;
  /** @returns affected rows */
  execute(query: SqlQuery): Promise<number>;
  runScript(script: string): Promise<void>;
  /** Runs a statement that is parsed once. @returns the first column of its rows */
  runPrepared(sql: string, parameters: readonly Parameter[]): Promise<(string | null)[]>;
  /** Ends the thread as a fault would; requests that wait fail. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

/** The thread starts with the first request. @throws DriverAdapterError (each request) what the database said; Error when its thread broke */
export function createPgliteClient(workerData: PgliteWorkerData): PgliteClient {
  let thread: Worker | null = null;
  const pending = new PendingRequests<PgliteResult>();

  function start(): Worker {
    const worker = spawnBeside(import.meta.url, 'pglite.worker', { workerData });
    worker.on('message', (response: PgliteResponse) => {
      const { id } = response;
      if ('result' in response) pending.resolve(id, response.result);
      else if ('failure' in response) pending.reject(id, new DriverAdapterError(response.failure));
      else {
        pending.reject(id, new Error(`PGlite broke: ${response.broken}`));
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
    pending.rejectAll(() => new Error(reason));
  }

  function request(operation: PgliteOperation): Promise<PgliteResult> {
    thread ??= start();
    const { id, answer } = pending.open(undefined);
    const message: PgliteRequest = { id, operation };
    thread.postMessage(message);
    return answer;
  }

  return {
    query: (query) => request({ op: 'query', query }) as Promise<SqlResultSet>,
    execute: (query) => request({ op: 'execute', query }) as Promise<number>,
    runPrepared: (sql, parameters) =>
      request({ op: 'prepared', sql, parameters }) as Promise<(string | null)[]>,
    async runScript(script) {
      await request({ op: 'script', script });
    },
    async abandon() {
      const worker = thread;
      if (worker === null) return;
      await worker.terminate();
      lose(worker, "PGlite's thread was ended");
    },
    async close() {
      if (thread === null) return;
      await request({ op: 'close' });
      const worker = thread;
      thread = null;
      await worker.terminate();
    },
  };
}
