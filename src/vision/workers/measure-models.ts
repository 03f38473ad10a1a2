/** How many frames a second the models could score if they did nothing else: an estimate from a few runs at the start. */
import { roundUpToMultiple } from '../image/model-input.ts';
import type { DetectorCard, EnsembleCard } from '../models/model-manifest.ts';
import type { ModelInput, RunnableModel } from '../models/model-session.ts';
import type { WorkerSetup } from './worker-protocol.ts';

/** Faces that are scored together while several streams run. */
const FACES_TOGETHER = 4;

/**
 * Frames with one face, searched for faces as seldom as may be; as many runs beside each other as there are threads.
 * @returns frames a second
 */
export async function measureModels(
  models: Record<'detector' | 'ensemble', RunnableModel>,
  { models: cards, detectEvery, modelThreads }: WorkerSetup,
): Promise<number> {
  const detection = await secondsOf(models.detector, detectorInput(cards.detector), modelThreads);
  const scoring = await secondsOf(models.ensemble, facesInput(cards.ensemble), modelThreads);
  return modelThreads / (detection / detectEvery + scoring / FACES_TOGETHER);
}

async function secondsOf(model: RunnableModel, input: ModelInput, runs: number): Promise<number> {
  const round = () => Promise.all(Array.from({ length: runs }, () => model.run(input)));
  await round(); // the first of a size takes longer
  const began = performance.now();
  await round();
  return (performance.now() - began) / 1000;
}

/** Of a wide picture. */
function detectorInput({ input }: DetectorCard): ModelInput {
  const width = roundUpToMultiple(input.longerSide, input.multipleOf);
  const height = roundUpToMultiple((input.longerSide * 9) / 16, input.multipleOf);
  return noise(1, input.pixelFormat, height, width);
}

function facesInput({ input }: EnsembleCard): ModelInput {
  return noise(FACES_TOGETHER, input.pixelFormat, input.size, input.size);
}

function noise(count: number, format: 'gray8' | 'rgb8', height: number, width: number): ModelInput {
  const channels = format === 'rgb8' ? 3 : 1;
  const data = Uint8Array.from({ length: count * channels * height * width }, (_, i) => (i * 7) % 251);
  return { data, dims: [count, channels, height, width] };
}
