/** Requests to PGlite's thread. A thread that broke is replaced at the next request, as a connection would be. */
import type { Worker } from 'node:worker_threads';
import { DriverAdapterError, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import { MienError } from '../../errors.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { settledWithin } from '../../threads/settled-within.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { TwoCells } from '../sql/binary-records.ts';
import type { Parameter } from '../sql/run-prepared.ts';
import type {
  PgliteOperation,
  PgliteRequest,
  PgliteResponse,
  PgliteResult,
  PgliteWorkerData,
} from './pglite-protocol.ts';

/** How long `close` waits for what was asked before it; cut short, the database recovers as after a crash. */
const CLOSE_MS = 3_000;

/**
 * The thread starts with the first request. Requests reject with DriverAdapterError: what the database said; with Error:
 * its thread broke; with MienError: it is closed, and stays so.
 */
export class PgliteClient {
  readonly #workerData: PgliteWorkerData;
  readonly #pending = new PendingRequests<PgliteResult>();
  #thread: Worker | null = null;
  /** Why nothing is asked any more. */
  #refusal: MienError | null = null;

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

  /** @returns the cells of the one row of a query, whose columns are of bytes */
  readBytes(sql: string, parameters: readonly string[]): Promise<TwoCells> {
    return this.#request({ op: 'bytes', sql, parameters }) as Promise<TwoCells>;
  }

  /** Ends the thread as a fault would; requests that wait fail. The next request starts another thread. */
  async abandon(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    await thread.terminate();
    this.#lose(thread, "PGlite's thread was ended");
  }

  /** Nothing is written from now on: requests that wait fail, and later ones fail with `reason`. */
  async shutOff(reason: MienError): Promise<void> {
    this.#refusal ??= reason;
    await this.abandon();
  }

  /**
   * What was asked before is answered, in some seconds at most; what is asked from now on is refused.
   * @returns whether it closed in order, with all that was written in its files
   */
  async close(): Promise<boolean> {
    this.#refusal ??= new MienError('SHUTTING_DOWN', 'The database is closed.');
    const thread = this.#thread;
    if (thread === null) return false;
    let inOrder = false;
    const closing = this.#pending.settled().then(() => this.#send(thread, { op: 'close' }));
    const note = () => {
      inOrder = true;
    };
    // One that failed to open fails to close; there is nothing to keep then.
    await settledWithin(closing.then(note), CLOSE_MS);
    await this.abandon();
    return inOrder;
  }

  async #request(operation: PgliteOperation): Promise<PgliteResult> {
    if (this.#refusal !== null) throw this.#refusal;
    this.#thread ??= this.#start();
    return this.#send(this.#thread, operation);
  }

  #send(thread: Worker, operation: PgliteOperation): Promise<PgliteResult> {
    const { id, answer } = this.#pending.open(undefined);
    const message: PgliteRequest = { id, operation };
    thread.postMessage(message);
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
