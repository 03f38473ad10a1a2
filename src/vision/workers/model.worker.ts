/** The thread in which models run, and nothing else does: a run blocks its thread. Pixels come, answers go. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import type { ModelSession, Output } from '../runtime/inference-session.ts';
import { openModels } from '../runtime/open-models.ts';
import type { FromRunner, RunnerSetup, ToRunner } from './worker-protocol.ts';

const { models, device, threads, port } = workerData as RunnerSetup & { port: MessagePort };

// The thread ends with its port, once the run in hand is done.
openModels(models, device, threads).then(serve, (error: unknown) => {
  const code = error instanceof MienError ? error.code : null;
  post({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  port.close();
});

function serve({ device, skipped, ...sessions }: Awaited<ReturnType<typeof openModels>>): void {
  port.on('message', async ({ run, model, pixels, dims }: ToRunner) => {
    const began = performance.now();
    try {
      // onnxruntime takes no shared memory.
      const outputs = await sessions[model].run({ data: new Uint8Array(pixels), dims });
      post({ type: 'answer', run, ...plain(outputs), seconds: (performance.now() - began) / 1000 });
    } catch (error) {
      post({ type: 'broken', run, message: error instanceof Error ? error.message : String(error) });
    }
  });
  post({ type: 'ready', device, skipped });
}

/** Tensors have accessors and methods; a message has none. */
function plain(answers: Awaited<ReturnType<ModelSession['run']>>): { outputs: Record<string, Output> } {
  const entries = Object.entries(answers).map(([name, { data, dims }]) => [name, { data, dims }] as const);
  return { outputs: Object.fromEntries(entries) };
}

function post(message: FromRunner): void {
  const outputs = message.type === 'answer' ? Object.values(message.outputs) : [];
  port.postMessage(
    message,
    outputs.map(({ data }) => data.buffer as ArrayBuffer),
  );
}
