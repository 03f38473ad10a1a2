/** Opens the pair of models on the best device that works, or on the one that was asked for. */

import { join } from 'node:path';
import { MienError } from '../../errors.ts';
import { OUTPUTS } from '../models/model-contract.ts';
import type { Models } from '../models/model-manifest.ts';
import type { ModelSession } from '../models/model-session.ts';
import { ALL_SINGLE, fileOf, type ModelKind, type Precision, type Precisions } from '../models/precision.ts';
import {
  DEVICES,
  type Device,
  type OpenSession,
  openSession,
  unavailableReason,
} from './inference-session.ts';
import { smokeTest } from './smoke-test.ts';

export interface OpenModels {
  device: Device;
  precisions: Precisions;
  detector: ModelSession;
  ensemble: ModelSession;
  /** Devices that `auto` passed over, each with the reason. */
  skipped: string[];
}

/**
 * Opens both models, and runs each once.
 * @param intraOpThreads threads within one operator (CPU only)
 * @param precisions those of the CPU; a GPU computes in single precision
 * @throws MienError DEVICE_UNAVAILABLE when the device that was asked for does not come up, MODEL_INVALID when the files
 * are at fault (which shows on the CPU, because it is always there)
 */
export async function openModels(
  models: Models,
  wanted: Device | 'auto',
  intraOpThreads: number,
  precisions = ALL_SINGLE,
): Promise<OpenModels> {
  const skipped: string[] = [];
  const candidates = wanted === 'auto' ? DEVICES : [wanted];
  for (const device of candidates) {
    const reason = wanted === 'auto' ? unavailableReason(device) : null;
    try {
      const chosen = device === 'cpu' ? precisions : ALL_SINGLE;
      if (reason === null)
        return {
          ...{ device, skipped, precisions: chosen },
          ...(await openPair(models, device, intraOpThreads, chosen)),
        };
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

async function openPair(models: Models, device: Device, intraOpThreads: number, precisions: Precisions) {
  const opened: ModelSession[] = [];
  const open = async (kind: ModelKind) => {
    const session = await openModel(models, kind, { device, intraOpThreads, precision: precisions[kind] });
    opened.push(session);
    return session;
  };
  try {
    const pair = { detector: await open('detector'), ensemble: await open('ensemble') };
    await smokeTest(models, pair);
    return pair;
  } catch (error) {
    for (const session of opened) await session.close();
    throw error;
  }
}

/** One file of the pair. @throws MienError MODEL_INVALID (it breaks the contract); onnxruntime's own errors */
export function openModel(
  models: Models,
  kind: ModelKind,
  { precision, ...how }: Pick<OpenSession, 'device' | 'intraOpThreads'> & { precision: Precision },
): Promise<ModelSession> {
  const card = models[kind];
  const path = join(models.dir, fileOf(card, precision).file);
  return openSession({ ...how, path, input: card.input.name, outputs: OUTPUTS[kind] });
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
