/** A vision worker's thread: how it begins, what it may be handed, and how it ends. */
import { Worker } from 'node:worker_threads';
import type { ToWorker, WorkerSetup } from './protocol.ts';

/** Milliseconds that a worker has to end by itself. */
const PATIENCE = 5000;

export function startThread(setup: WorkerSetup): Worker {
  const file = import.meta.url.endsWith('.ts') ? './worker-from-source.mjs' : './worker.js';
  return new Worker(new URL(file, import.meta.url), { workerData: setup });
}

/**
 * Lets a worker finish its run. A thread that is stopped within onnxruntime takes the whole process with it
 * (an uncaught Napi::Error), so force is for a worker that hangs.
 */
export async function endThread(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  const force = setTimeout(() => void worker.terminate(), PATIENCE);
  await ended;
  clearTimeout(force);
}

/** Leaves a worker that hangs to itself, for the reason above: it ends when it comes back from where it hangs. */
export function abandonThread(worker: Worker): void {
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  worker.unref();
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
