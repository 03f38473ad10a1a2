/** Has it tried in a thread of its own whether the models are faster in integers, because runs block their thread. */
import { MienError } from '../../errors.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Models } from '../models/model-card.ts';
import type { Precision } from '../models/precision.ts';
import type { PrecisionChoice } from '../runtime/choose-precisions.ts';
import type { FromPrecisionWorker } from './worker-protocol.ts';

export interface PrecisionWorkerSetup {
  models: Models;
  wanted: Precision | 'auto';
}

/** @throws as `choosePrecisions` does, once the thread has ended */
export async function choosePrecisionsBeside(
  models: Models,
  wanted: Precision | 'auto',
): Promise<PrecisionChoice> {
  const setup: PrecisionWorkerSetup = { models, wanted };
  const thread = spawnBeside(import.meta.url, 'precision.worker', { workerData: setup });
  let answer: FromPrecisionWorker | null = null;
  thread.on('message', (message: FromPrecisionWorker) => {
    answer = message;
  });
  await new Promise((resolve, reject) => thread.once('error', reject).once('exit', resolve));
  return resultOf(answer);
}

function resultOf(answer: FromPrecisionWorker | null): PrecisionChoice {
  if (answer === null) throw new Error('The thread that tries the models ended without an answer.');
  if (answer.type === 'chosen') return answer.choice;
  throw answer.code ? new MienError(answer.code, answer.message) : new Error(answer.message);
}
