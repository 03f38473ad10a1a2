/** Proof that a device runs the models: a driver may come up and then compute nonsense. */
import { MienError } from '../../errors.ts';
import type { Models } from '../models/model-manifest.ts';
import type { RunnableModel } from '../models/model-session.ts';

/**
 * Runs each model once on a test image.
 * @throws MienError MODEL_INVALID when an output's shape is not that of the contract; an error when numbers make no sense
 */
export async function smokeTest(
  { detector, ensemble }: Models,
  pair: { detector: RunnableModel; ensemble: RunnableModel },
) {
  const side = detector.input.multipleOf * 2;
  const detected = await pair.detector.run(testInput(1, detector.input.pixelFormat, side));
  const scored = await pair.ensemble.run(testInput(2, ensemble.input.pixelFormat, ensemble.input.size));
  expectShape('boxes', detected.boxes!.dims, [1, null, 4]);
  expectShape('scores', detected.scores!.dims, [1, null]);
  expectShape('landmarks', detected.landmarks!.dims, [1, null, 5, 2]);
  expectShape('expression', scored.expression!.dims, [2, 8]);
  expectShape('members', scored.members!.dims, [null, 2, 8]);
  expectShape('valence_arousal', scored.valence_arousal!.dims, [2, 2]);
  expectShape('action_units', scored.action_units!.dims, [2, ensemble.actionUnits.length]);
  expectShape('landmarks', scored.landmarks!.dims, [2, 68, 2]);
  expectShape('pose', scored.pose!.dims, [2, 3]);
  expectShape('quality', scored.quality!.dims, [2]);
  const sum = scored.expression!.data.reduce((total, p) => total + p, 0);
  const finite = [...Object.values(detected), ...Object.values(scored)].every(({ data }) =>
    data.every(Number.isFinite),
  );
  if (!finite || Math.abs(sum - 2) > 0.01)
    throw new Error('its answers to a test picture are not numbers that make sense');
}

function testInput(count: number, format: 'gray8' | 'rgb8', side: number) {
  const channels = format === 'rgb8' ? 3 : 1;
  const data = Uint8Array.from({ length: count * channels * side * side }, (_, i) => (i * 7) % 251);
  return { data, dims: [count, channels, side, side] as const };
}

function expectShape(name: string, dims: readonly number[], expected: readonly (number | null)[]): void {
  if (dims.length === expected.length && expected.every((n, i) => n === null || n === dims[i])) return;
  throw new MienError(
    'MODEL_INVALID',
    `The output ${name} of the model has the shape [${dims.join(', ')}], where the model contract and its card ` +
      `ask for [${expected.map((n) => n ?? 'any').join(', ')}]: export it again, or correct the card.`,
  );
}
