/** The thread in which it is tried whether the models are faster in integers; it ends with its answer, and with what it opened. */
import { parentPort, workerData } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import { choosePrecisions } from '../runtime/choose-precisions.ts';
import type { PrecisionWorkerSetup } from './spawn-precision-worker.ts';
import type { FromPrecisionWorker } from './worker-protocol.ts';

const { models, wanted } = workerData as PrecisionWorkerSetup;
const send = (message: FromPrecisionWorker) => parentPort!.postMessage(message);

choosePrecisions(models, wanted).then(
  (choice) => send({ type: 'chosen', choice }),
  (error: unknown) => {
    const code = error instanceof MienError ? error.code : null;
    send({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  },
);
