/** The thread in which the models run, and nothing else does, because a run blocks its thread. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import { BufferPool } from '../image/buffer-pool.ts';
import type { ModelOutput } from '../models/model-session.ts';
import { type OpenModels, openModels } from '../runtime/open-models.ts';
import type { FromModelWorker, ModelWorkerSetup, ToModelWorker } from './worker-protocol.ts';

const { models, device, intraOpThreads, precisions, port } = workerData as ModelWorkerSetup & {
  port: MessagePort;
};

// The thread ends with its port, once the run in hand is done.
openModels(models, device, intraOpThreads, precisions).then(serve, (error: unknown) => {
  const code = error instanceof MienError ? error.code : null;
  send({ type: 'failed', code, message: messageOf(error) });
  port.close();
});

function serve({ device, skipped, precisions, ...sessions }: OpenModels): void {
  // onnxruntime takes no shared memory, and to allocate anew for each run costs a system call and its pages.
  const copies = new BufferPool((length) => new ArrayBuffer(length));
  port.on('message', async ({ id, model, input }: ToModelWorker) => {
    const startedAt = performance.now();
    const data = copies.acquire(input.data.length);
    try {
      data.set(input.data);
      const outputs = await sessions[model].run({ ...input, data });
      const seconds = (performance.now() - startedAt) / 1000;
      send({ type: 'outputs', id, outputs: plainOutputs(outputs), seconds });
    } catch (error) {
      send({ type: 'run-failed', id, message: messageOf(error) });
    } finally {
      copies.release(data);
    }
  });
  send({ type: 'ready', device, precisions, skipped });
}

/** Tensors have accessors and methods, which a message cannot carry. */
function plainOutputs(outputs: Record<string, ModelOutput>): Record<string, ModelOutput> {
  const entries = Object.entries(outputs).map(([name, { data, dims }]) => [name, { data, dims }] as const);
  return Object.fromEntries(entries);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function send(message: FromModelWorker): void {
  const outputs = message.type === 'outputs' ? Object.values(message.outputs) : [];
  port.postMessage(
    message,
    outputs.map(({ data }) => data.buffer as ArrayBuffer),
  );
}
