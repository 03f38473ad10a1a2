/** Both files answer on the device as on the CPU, to a thousandth (of the value, where that is above 1). */
import { join } from 'node:path';
import { DETECTOR_OUTPUTS, ENSEMBLE_OUTPUTS } from '../../src/vision/models/model-contract.ts';
import type { ModelOutput } from '../../src/vision/models/model-session.ts';
import { type Device, openSession } from '../../src/vision/runtime/inference-session.ts';
import { MODELS } from '../parts/pipeline.ts';
import type { Measured, PartOptions } from './part.ts';

const TOLERANCE = 1e-3;
const DETECTOR = { file: 'detector.onnx', input: 'frames', outputs: DETECTOR_OUTPUTS };
const ENSEMBLE = { file: 'ensemble.onnx', input: 'faces', outputs: ENSEMBLE_OUTPUTS };
type Dims = [number, number, number, number];
const CASES: { model: typeof DETECTOR | typeof ENSEMBLE; sizes: Dims[] }[] = [
  {
    model: DETECTOR,
    sizes: [
      [1, 1, 192, 320],
      [1, 1, 384, 640],
    ],
  },
  {
    model: ENSEMBLE,
    sizes: [
      [1, 1, 48, 48],
      [32, 1, 48, 48],
    ],
  },
];

export async function* agreement({ device, quick }: PartOptions): AsyncGenerator<Measured> {
  for (const { model, sizes } of CASES) {
    const open = (on: Device) =>
      openSession({ ...model, device: on, path: join(MODELS, model.file), intraOpThreads: 1 });
    const [expected, answering] = [await open('cpu'), await open(device)];
    for (const dims of quick ? sizes.slice(0, 1) : sizes) {
      const data = Uint8Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7) % 251);
      const [right, answers] = [await expected.run({ data, dims }), await answering.run({ data, dims })];
      const furthest = Object.fromEntries(
        model.outputs.map((name) => [name, differs(answers[name]!, right[name]!)]),
      );
      // Not a number is no agreement.
      const agrees = Object.values(furthest).every((difference) => difference < TOLERANCE);
      yield { part: 'agreement', file: model.file, dims, furthest, agrees };
    }
    await expected.close();
    await answering.close();
  }
}

function differs({ data, dims }: ModelOutput, right: ModelOutput): number {
  if (dims.join() !== right.dims.join()) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (const [i, value] of data.entries()) {
    const difference = Math.abs(value - right.data[i]!) / Math.max(1, Math.abs(right.data[i]!));
    most = Math.max(most, difference); // what is not a number stays
  }
  return most;
}
