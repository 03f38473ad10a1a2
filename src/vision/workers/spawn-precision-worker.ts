/** Has it tried in a thread of its own whether the models are faster in integers, because runs block their thread. */
import { MienError } from '../../errors.ts';
import { spawnBeside } from '../../threads/spawn.ts';
import type { Models } from '../models/model-manifest.ts';
import { ALL_SINGLE, MODEL_KINDS, type Precision } from '../models/precision.ts';
import type { PrecisionChoice } from '../runtime/choose-precisions.ts';
import type { FromPrecisionWorker } from './worker-protocol.ts';

export interface PrecisionWorkerSetup {
  models: Models;
  wanted: Precision | 'auto';
}

/**
 * That it cannot be tried keeps no server from its start that did not ask for integers by name.
 * @throws as `choosePrecisions` does, once the thread has ended
 */
export async function choosePrecisionsBeside(
  models: Models,
  wanted: Precision | 'auto',
): Promise<PrecisionChoice> {
  try {
    return resultOf(await answerTo({ models, wanted }));
  } catch (error) {
    if (wanted !== 'auto') throw error;
    return notTried(models, error instanceof Error ? error.message : String(error));
  }
}

async function answerTo(setup: PrecisionWorkerSetup): Promise<FromPrecisionWorker | null> {
  const thread = spawnBeside(import.meta.url, 'precision.worker', { workerData: setup });
  let answer: FromPrecisionWorker | null = null;
  thread.on('message', (message: FromPrecisionWorker) => {
    answer = message;
  });
  await new Promise((resolve, reject) => thread.once('error', reject).once('exit', resolve));
  return answer;
}

function resultOf(answer: FromPrecisionWorker | null): PrecisionChoice {
  if (answer === null) throw new Error('the thread that tries it ended without an answer');
  if (answer.type === 'chosen') return answer.choice;
  throw answer.code ? new MienError(answer.code, answer.message) : new Error(answer.message);
}

function notTried(models: Models, why: string): PrecisionChoice {
  const kinds = MODEL_KINDS.filter((kind) => models[kind].int8);
  const untried = { chosen: 'single', ratio: null, fault: `it could not be tried (${why})` } as const;
  return { precisions: ALL_SINGLE, tried: kinds.map((kind) => ({ kind, ...untried })) };
}
