/** The models as a vision worker uses them: they run in threads of their own, one run at a time in each. */
import type { MessagePort } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import type { ModelInput, ModelOutput, RunnableModel } from '../models/model-session.ts';
import type { ModelKind } from '../models/precision.ts';
import type { FailedMessage, FromModelWorker, ReadyMessage, ToModelWorker } from './worker-protocol.ts';

export interface ModelClients extends Pick<ReadyMessage, 'device' | 'precisions' | 'skipped'> {
  detector: ModelClient;
  ensemble: ModelClient;
  /** Lets the threads finish their runs, and end; whoever waits for one is told that nothing will come. */
  close(): void;
}

export interface ModelClient extends RunnableModel {
  /** Seconds that its runs took until now, in all threads together. */
  readonly seconds: number;
}

/**
 * Waits until every model worker has opened its models. Throws an uncaught error, which ends the vision worker, when one
 * of them ends later.
 * @throws what kept a model worker from opening its models
 */
export async function connectModelWorkers(ports: readonly MessagePort[]): Promise<ModelClients> {
  const workers = ports.map((port) => new ModelWorkerClient(port));
  const close = () => workers.forEach((worker) => void worker.close());
  const [ready] = await Promise.all(workers.map((worker) => worker.ready)).catch((error: unknown) => {
    close(); // an open port would keep its model worker, and this thread, alive
    throw error;
  });
  const client = (model: ModelKind): ModelClient => ({
    run: (input) => leastBusy(workers).run(model, input),
    get seconds() {
      return workers.reduce((sum, worker) => sum + worker.seconds[model], 0);
    },
  });
  return {
    ...ready!,
    detector: client('detector'),
    ensemble: client('ensemble'),
    close,
  };
}

function leastBusy(workers: readonly ModelWorkerClient[]): ModelWorkerClient {
  return workers.reduce((least, worker) => (worker.pendingRuns < least.pendingRuns ? worker : least));
}

class ModelWorkerClient {
  readonly ready: Promise<ReadyMessage>;
  readonly seconds: Record<ModelKind, number> = { detector: 0, ensemble: 0 };
  readonly #port: MessagePort;
  readonly #runs = new PendingRequests<Record<string, ModelOutput>, ModelKind>();
  #closing = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.ready = new Promise((resolve, reject) => {
      port.on('message', (message: FromModelWorker) => {
        if (message.type === 'ready') resolve(message);
        else if (message.type === 'failed') {
          this.#closing = true;
          reject(errorOf(message));
        } else this.#settle(message);
      });
    });
    port.on('close', () => {
      if (!this.#closing) throw new Error('the thread of the models ended');
    });
  }

  /** Runs that wait or are in hand. */
  get pendingRuns(): number {
    return this.#runs.size;
  }

  run(model: ModelKind, input: ModelInput): Promise<Record<string, ModelOutput>> {
    if (this.#closing) return Promise.reject(closed());
    const { id, answer } = this.#runs.open(model);
    this.#port.postMessage({ id, model, input } satisfies ToModelWorker);
    return answer;
  }

  close(): void {
    this.#closing = true;
    this.#port.close();
    this.#runs.rejectAll(closed);
  }

  #settle(message: Extract<FromModelWorker, { id: number }>): void {
    if (message.type === 'run-failed') this.#runs.reject(message.id, new Error(message.message));
    else this.seconds[this.#runs.resolve(message.id, message.outputs)!] += message.seconds;
  }
}

function closed(): Error {
  return new Error('The threads of the models were told to end.');
}

function errorOf({ code, message }: FailedMessage): Error {
  return code ? new MienError(code, message) : new Error(message);
}
