/** The models as the worker sees them: they run in threads of their own, one run at a time in each. */
import type { MessagePort } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import type { Device, ModelSession, Output } from '../runtime/inference-session.ts';
import type { FromRunner, ToRunner } from './worker-protocol.ts';

export interface RemoteModels {
  device: Device;
  skipped: string[];
  /** Seconds of a run are told with its answer. */
  detector: RemoteSession;
  ensemble: RemoteSession;
  /** Lets the threads finish their runs, and end. */
  close(): void;
}

export interface RemoteSession extends Pick<ModelSession, 'run'> {
  /** Seconds that all its runs took until now, each in its thread. */
  readonly seconds: number;
}

interface Run {
  resolve(outputs: Record<string, Output>): void;
  reject(error: Error): void;
}

/** Waits until every thread has opened its models. Rejects with what kept one from it; throws where one ends. */
export async function connectModels(ports: readonly MessagePort[]): Promise<RemoteModels> {
  const lanes = ports.map((port) => new Lane(port));
  const [first] = await Promise.all(lanes.map((lane) => lane.ready));
  const session = (model: ToRunner['model']): RemoteSession => ({
    run: (pixels) =>
      lanes.reduce((least, lane) => (lane.busy < least.busy ? lane : least)).run(model, pixels),
    get seconds() {
      return lanes.reduce((sum, lane) => sum + lane.seconds[model], 0);
    },
  });
  return {
    ...first!,
    detector: session('detector'),
    ensemble: session('ensemble'),
    close: () => lanes.forEach((lane) => void lane.close()),
  };
}

class Lane {
  readonly ready: Promise<{ device: Device; skipped: string[] }>;
  readonly seconds = { detector: 0, ensemble: 0 };
  readonly #port: MessagePort;
  readonly #runs = new Map<number, Run & { model: ToRunner['model'] }>();
  #next = 0;
  #closing = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.ready = new Promise((resolve, reject) => {
      port.on('message', (message: FromRunner) => {
        if (message.type === 'ready') resolve(message);
        else if (message.type === 'failed') {
          this.#closing = true;
          reject(failure(message));
        } else this.#settle(message);
      });
    });
    port.on('close', () => {
      if (!this.#closing) throw new Error('the thread of the models ended');
    });
  }

  /** Runs that wait or are in hand. */
  get busy(): number {
    return this.#runs.size;
  }

  run(model: ToRunner['model'], { data: pixels, dims }: Parameters<ModelSession['run']>[0]) {
    const run = this.#next++;
    return new Promise<Record<string, Output>>((resolve, reject) => {
      this.#runs.set(run, { model, resolve, reject });
      this.#port.postMessage({ run, model, pixels, dims } satisfies ToRunner);
    });
  }

  close(): void {
    this.#closing = true;
    this.#port.close();
  }

  #settle(message: Extract<FromRunner, { run: number }>): void {
    const { model, resolve, reject } = this.#runs.get(message.run)!;
    this.#runs.delete(message.run);
    if (message.type === 'broken') reject(new Error(message.message));
    else {
      this.seconds[model] += message.seconds;
      resolve(message.outputs);
    }
  }
}

function failure({ code, message }: Extract<FromRunner, { type: 'failed' }>): Error {
  return code ? new MienError(code, message) : new Error(message);
}
