/**
 * Both shipped models give the same answers on another device as on the CPU:
 * `MIEN_TEST_DEVICE=webgpu npx vitest run test/vision/device.test.ts`, or `cuda`. WebGPU needs a Vulkan driver; without
 * a GPU, the SwiftShader that Chromium brings is one, if a slow one (`VK_DRIVER_FILES=…/vk_swiftshader_icd.json`).
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DETECTOR_OUTPUTS, ENSEMBLE_OUTPUTS } from '../../src/vision/models/model-contract.ts';
import type { ModelOutput } from '../../src/vision/models/model-session.ts';
import { type Device, openSession } from '../../src/vision/runtime/inference-session.ts';

const DEVICE = process.env.MIEN_TEST_DEVICE as Device | undefined;
const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const CASES = [
  { file: 'detector.onnx', input: 'frames', outputs: DETECTOR_OUTPUTS, dims: [1, 1, 192, 320] },
  { file: 'ensemble.onnx', input: 'faces', outputs: ENSEMBLE_OUTPUTS, dims: [3, 1, 48, 48] },
] as const;
/** Boxes and landmarks of the detector are pixels, up to some hundreds. */
const TOLERANCE = 1e-3;

describe.skipIf(DEVICE === undefined)(
  `on ${DEVICE ?? 'no other device (MIEN_TEST_DEVICE is not set)'}`,
  () => {
    it.each(CASES)('$file answers as on the CPU', { timeout: 300_000 }, async (model) => {
      const [expected, answered] = [await run(model, 'cpu'), await run(model, DEVICE!)];
      for (const name of model.outputs) {
        expect(answered[name]!.dims, name).toEqual(expected[name]!.dims);
        expect(furthest(answered[name]!, expected[name]!), name).toBeLessThan(TOLERANCE);
      }
    });
  },
);

async function run({ file, dims, ...model }: (typeof CASES)[number], device: Device) {
  const session = await openSession({ ...model, device, path: join(MODELS, file), intraOpThreads: 1 });
  const data = Uint8Array.from({ length: dims.reduce<number>((a, b) => a * b, 1) }, (_, i) => (i * 7) % 251);
  const answers = await session.run({ data, dims });
  await session.close();
  return answers;
}

function furthest({ data }: ModelOutput, other: ModelOutput): number {
  return data.reduce((most, value, i) => Math.max(most, Math.abs(value - other.data[i]!)), 0);
}
