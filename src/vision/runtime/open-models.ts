/** Opens the pair of models on the best device that works, or on the one that was asked for. */

import { join } from 'node:path';
import { MienError } from '../../errors.ts';
import type { Models } from '../models/model-card.ts';
import { DETECTOR_OUTPUTS, ENSEMBLE_OUTPUTS } from '../models/model-contract.ts';
import type { ModelSession } from '../models/model-session.ts';
import { DEVICES, type Device, openSession, unavailableReason } from './inference-session.ts';
import { smokeTest } from './smoke-test.ts';

export interface OpenModels {
  device: Device;
  detector: ModelSession;
  ensemble: ModelSession;
  /** Devices that `auto` passed over, each with the reason. */
  skipped: string[];
}

/**
 * Opens both models, and runs each once.
 * @param intraOpThreads threads within one operator (CPU only)
 * @throws MienError DEVICE_UNAVAILABLE when the device that was asked for does not come up, MODEL_INVALID when the files
 * are at fault (which shows on the CPU, because it is always there)
 */
export async function openModels(
  models: Models,
  wanted: Device | 'auto',
  intraOpThreads: number,
): Promise<OpenModels> {
  const skipped: string[] = [];
  const candidates = wanted === 'auto' ? DEVICES : [wanted];
  for (const device of candidates) {
    const reason = wanted === 'auto' ? unavailableReason(device) : null;
    try {
      if (reason === null) return { device, skipped, ...(await openPair(models, device, intraOpThreads)) };
      skipped.push(`${device}: ${reason}`);
    } catch (cause) {
      if (cause instanceof MienError) throw cause;
      if (device === 'cpu') throw invalid(models, cause);
      if (wanted !== 'auto') throw unavailable(device, cause);
      skipped.push(`${device}: ${firstLine(cause)}`);
    }
  }
  throw new Error('unreachable: the CPU either works or throws');
}

async function openPair(models: Models, device: Device, intraOpThreads: number) {
  const { dir, detector, ensemble } = models;
  const opened: ModelSession[] = [];
  const open = async (card: typeof detector | typeof ensemble, outputs: readonly string[]) => {
    const path = join(dir, card.file);
    const session = await openSession({ path, device, intraOpThreads, input: card.input.name, outputs });
    opened.push(session);
    return session;
  };
  try {
    const pair = {
      detector: await open(detector, DETECTOR_OUTPUTS),
      ensemble: await open(ensemble, ENSEMBLE_OUTPUTS),
    };
    await smokeTest(models, pair);
    return pair;
  } catch (error) {
    for (const session of opened) await session.close();
    throw error;
  }
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
