import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { connectModelWorkers } from '../../src/vision/workers/model-client.ts';

it('a run of a model that waits when the threads are told to end is refused, and so is a later one', async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage({ type: 'ready', device: 'cpu', skipped: [] });
  const models = await connectModelWorkers([port1]);
  const input = { data: new Uint8Array(1), dims: [1, 1, 1, 1] as const };
  const waiting = models.detector.run(input);
  models.close();
  await expect(waiting).rejects.toThrow('The threads of the models were told to end.');
  await expect(models.ensemble.run(input)).rejects.toThrow('The threads of the models were told to end.');
});
