/** A vision worker's threads: how they begin, what they may be handed, and how they end. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { spawnBeside } from '../../threads/spawn.ts';
import type { ToWorker, WorkerSetup } from './worker-protocol.ts';

/** The thread that is spoken with, and those in which its models run. */
export interface Threads {
  worker: Worker;
  runners: Worker[];
}

/** Milliseconds that a worker has to end by itself. */
const PATIENCE = 5000;

export function startThreads(setup: WorkerSetup): Threads {
  const { models, device, threads, lanes } = setup;
  const channels = Array.from({ length: lanes }, () => new MessageChannel());
  const ports = channels.map(({ port1 }) => port1);
  return {
    runners: channels.map(({ port2: port }) =>
      spawnBeside(import.meta.url, 'model.worker', {
        workerData: { models, device, threads, port },
        transferList: [port],
      }),
    ),
    worker: spawnBeside(import.meta.url, 'vision.worker', {
      workerData: { ...setup, ports },
      transferList: ports,
    }),
  };
}

/**
 * Lets the threads finish the run in hand. A thread that is stopped within onnxruntime takes the whole process with
 * it (an uncaught Napi::Error), so force is for one that hangs.
 */
export async function endThreads({ worker, runners }: Threads): Promise<void> {
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  const threads = [worker, ...runners];
  const force = setTimeout(() => threads.forEach((thread) => void thread.terminate()), PATIENCE);
  await Promise.all(threads.map(ended));
  clearTimeout(force);
}

/** Resolves when the thread is gone. */
function ended(thread: Worker): Promise<unknown> | null {
  return thread.threadId === -1 ? null : new Promise((resolve) => thread.once('exit', resolve));
}

/** Leaves threads that hang to themselves, for the reason above: they end when they come back from where they hang. */
export function abandonThreads({ worker, runners }: Threads): void {
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  for (const thread of [worker, ...runners]) thread.unref();
}

/**
 * Pixels that another thread may have: shared ones, and those that own the whole of their memory. Others are copied.
 */
export function ownPixels(pixels: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = pixels;
  const may = buffer instanceof SharedArrayBuffer || buffer.byteLength === length;
  return may ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(pixels);
}

/** The memory that a message takes along; shared memory stays where it is. */
export function memoryOf({ buffer }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
