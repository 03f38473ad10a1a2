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

/** The thread starts with the first request. Requests reject with DriverAdapterError: what the database said; with Error: its thread broke. */
export class PgliteClient {
  readonly #workerData: PgliteWorkerData;
  readonly #pending = new PendingRequests<PgliteResult>();
  #thread: Worker | null = null;

  constructor(workerData: PgliteWorkerData) {
    this.#workerData = workerData;
  }

  query(query: SqlQuery): Promise<SqlResultSet> {
    return this.#request({ op: 'query', query }) as Promise<SqlResultSet>;
  }

  /** @returns affected rows */
  execute(query: SqlQuery): Promise<number> {
    return this.#request({ op: 'execute', query }) as Promise<number>;
  }

  async runScript(script: string): Promise<void> {
    await this.#request({ op: 'script', script });
  }

  /** Runs a statement that is parsed once. @returns the first column of its rows */
  runPrepared(sql: string, parameters: readonly Parameter[]): Promise<(string | null)[]> {
    return this.#request({ op: 'prepared', sql, parameters }) as Promise<(string | null)[]>;
  }

  /** Ends the thread as a fault would; requests that wait fail. */
  async abandon(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    await thread.terminate();
    this.#lose(thread, "PGlite's thread was ended");
  }

  async close(): Promise<void> {
    if (this.#thread === null) return;
    await this.#request({ op: 'close' });
    const thread = this.#thread;
    this.#thread = null;
    await thread.terminate();
  }

  #request(operation: PgliteOperation): Promise<PgliteResult> {
    this.#thread ??= this.#start();
    const { id, answer } = this.#pending.open(undefined);
    const message: PgliteRequest = { id, operation };
    this.#thread.postMessage(message);
    return answer;
  }

  #start(): Worker {
    const thread = spawnBeside(import.meta.url, 'pglite.worker', { workerData: this.#workerData });
    thread.on('message', (response: PgliteResponse) => this.#receive(thread, response));
    thread.on('error', (error) => this.#lose(thread, `PGlite's thread failed: ${error.message}`));
    thread.on('exit', () => this.#lose(thread, "PGlite's thread ended"));
    return thread;
  }

  #receive(thread: Worker, response: PgliteResponse): void {
    if ('result' in response) {
      this.#pending.resolve(response.id, response.result);
    } else if ('failure' in response) {
      this.#pending.reject(response.id, new DriverAdapterError(response.failure));
    } else {
      this.#pending.reject(response.id, new Error(`PGlite broke: ${response.broken}`));
      this.#lose(thread, 'PGlite broke');
    }
  }

  /** The next request starts another thread. */
  #lose(thread: Worker, reason: string): void {
    if (thread !== this.#thread) return;
    this.#thread = null;
    void thread.terminate();
    this.#pending.rejectAll(() => new Error(reason));
  }
}
