/** A vision worker's threads: how they start, and how they end. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { spawnBeside } from '../../threads/spawn.ts';
import type { ToWorker, WorkerSetup } from './worker-protocol.ts';

export interface WorkerThreads {
  /** The vision worker, with which the main thread speaks. */
  worker: Worker;
  /** Those in which its models run. */
  modelWorkers: Worker[];
}

/** Milliseconds that a worker has to end by itself. */
const STOP_TIMEOUT_MS = 5000;

export function startWorkerThreads(setup: WorkerSetup): WorkerThreads {
  const { models, device, intraOpThreads, precisions, modelThreads } = setup;
  const channels = Array.from({ length: modelThreads }, () => new MessageChannel());
  const ports = channels.map(({ port1 }) => port1);
  return {
    modelWorkers: channels.map(({ port2: port }) =>
      spawnBeside(import.meta.url, 'model.worker', {
        workerData: { models, device, intraOpThreads, precisions, port },
        transferList: [port],
      }),
    ),
    worker: spawnBeside(import.meta.url, 'vision.worker', {
      workerData: { ...setup, ports },
      transferList: ports,
    }),
  };
}

/** Calls back when the vision worker has ended, with the first error of its threads; null without one. */
export function onWorkerExit(
  { worker, modelWorkers }: WorkerThreads,
  callback: (error: string | null) => void,
): void {
  let first: string | null = null;
  for (const thread of [...modelWorkers, worker]) {
    thread.on('error', ({ message }: Error) => {
      first ??= message;
    });
  }
  worker.on('exit', () => callback(first));
}

/**
 * Lets the threads finish the run in hand. A thread that is terminated within onnxruntime takes the whole process with
 * it (an uncaught Napi::Error), so only one that hangs is terminated.
 */
export async function stopWorkerThreads({ worker, modelWorkers }: WorkerThreads): Promise<void> {
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  const threads = [worker, ...modelWorkers];
  const timeout = setTimeout(() => threads.forEach((thread) => void thread.terminate()), STOP_TIMEOUT_MS);
  await Promise.all(threads.map(exitOf));
  clearTimeout(timeout);
}

/** Resolves when the thread is gone. */
function exitOf(thread: Worker): Promise<unknown> {
  return thread.threadId === -1 ? Promise.resolve() : new Promise((resolve) => thread.once('exit', resolve));
}

/** Leaves threads that hang to themselves, for the reason above: they end when they come back from where they hang. */
export function abandonWorkerThreads({ worker, modelWorkers }: WorkerThreads): void {
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  for (const thread of [worker, ...modelWorkers]) thread.unref();
}
