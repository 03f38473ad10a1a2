/** Opens the pair of models on the best device that works, or on the one that was asked for. */

import { join } from 'node:path';
import { MienError } from '../../errors.ts';
import { DETECTOR_OUTPUTS } from '../detection/detector.ts';
import { ENSEMBLE_OUTPUTS } from '../scoring/ensemble.ts';
import { absence, DEVICES, type Device, type ModelSession, openSession } from './inference-session.ts';
import type { Models } from './model-card.ts';

export interface OpenModels {
  device: Device;
  detector: ModelSession;
  ensemble: ModelSession;
  /** Devices that `auto` passed over, each with the reason. */
  skipped: string[];
}

/**
 * Throws DEVICE_UNAVAILABLE when the device does not come up, MODEL_INVALID when the files are at fault (which
 * shows on the CPU, that is always there).
 */
export async function openModels(
  models: Models,
  wanted: Device | 'auto',
  threads: number,
): Promise<OpenModels> {
  const skipped: string[] = [];
  const candidates = wanted === 'auto' ? DEVICES : [wanted];
  for (const device of candidates) {
    const absent = wanted === 'auto' ? absence(device) : null;
    try {
      if (absent === null) return { device, skipped, ...(await openPair(models, device, threads)) };
      skipped.push(`${device}: ${absent}`);
    } catch (cause) {
      if (cause instanceof MienError) throw cause;
      if (device === 'cpu') throw invalid(models, cause);
      if (wanted !== 'auto') throw unavailable(device, cause);
      skipped.push(`${device}: ${firstLine(cause)}`);
    }
  }
  throw new Error('unreachable: the CPU either works or throws');
}

async function openPair(models: Models, device: Device, threads: number) {
  const { dir, detector, ensemble } = models;
  const common = { device, threads };
  const opened: ModelSession[] = [];
  const open = async (card: typeof detector | typeof ensemble, outputs: readonly string[]) => {
    const session = await openSession({
      ...common,
      path: join(dir, card.file),
      input: card.input.name,
      outputs,
    });
    opened.push(session);
    return session;
  };
  try {
    const pair = {
      detector: await open(detector, DETECTOR_OUTPUTS),
      ensemble: await open(ensemble, ENSEMBLE_OUTPUTS),
    };
    await prove(models, pair);
    return pair;
  } catch (error) {
    for (const session of opened) await session.close();
    throw error;
  }
}

/** A real run of both models; a driver may come up and then compute nonsense. */
async function prove(
  { detector, ensemble }: Models,
  pair: { detector: ModelSession; ensemble: ModelSession },
) {
  const side = detector.input.multipleOf * 2;
  const seen = await pair.detector.run(ramp(1, detector.input.pixelFormat, side));
  const scored = await pair.ensemble.run(ramp(2, ensemble.input.pixelFormat, ensemble.input.size));
  expectShape('boxes', seen.boxes!.dims, [1, null, 4]);
  expectShape('scores', seen.scores!.dims, [1, null]);
  expectShape('landmarks', seen.landmarks!.dims, [1, null, 5, 2]);
  expectShape('expression', scored.expression!.dims, [2, 8]);
  expectShape('members', scored.members!.dims, [null, 2, 8]);
  expectShape('valence_arousal', scored.valence_arousal!.dims, [2, 2]);
  expectShape('action_units', scored.action_units!.dims, [2, ensemble.actionUnits.length]);
  expectShape('landmarks', scored.landmarks!.dims, [2, 68, 2]);
  expectShape('pose', scored.pose!.dims, [2, 3]);
  expectShape('quality', scored.quality!.dims, [2]);
  const sum = scored.expression!.data.reduce((total, p) => total + p, 0);
  const finite = [...Object.values(seen), ...Object.values(scored)].every(({ data }) =>
    data.every(Number.isFinite),
  );
  if (!finite || Math.abs(sum - 2) > 0.01)
    throw new Error('its answers to a test picture are not numbers that make sense');
}

function ramp(count: number, format: 'gray8' | 'rgb8', side: number) {
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

function invalid({ dir }: Models, cause: unknown): MienError {
  return new MienError(
    'MODEL_INVALID',
    `The models in ${dir} do not run (${firstLine(cause)}): restore the files, or export them again by the model contract.`,
    { cause },
  );
}

function unavailable(device: Device, cause: unknown): MienError {
  const remedy = {
    cuda: 'install the libraries once with `npm run install:cuda`, and check the driver with `nvidia-smi`',
    tensorrt: 'install TensorRT and, once, the libraries with `npm run install:cuda`',
    webgpu: 'install a Vulkan driver for the GPU',
    cpu: '',
  }[device];
  return new MienError(
    'DEVICE_UNAVAILABLE',
    `The device ${device} does not come up (${firstLine(cause)}): ${remedy}; or set MIEN_DEVICE=auto or cpu.`,
    { cause },
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Checks inside onnxruntime name a source file first, and the reason last.
  return text.split('\n')[0]!.split(' was false. ').at(-1)!.slice(0, 200);
}
