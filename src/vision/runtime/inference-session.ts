/** The only door to onnxruntime: models are opened here, on a device that has proved itself with a real run. */
// Before onnxruntime is loaded, whoever opens this door.
import '../../no-telemetry.ts';

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { MienError } from '../../errors.ts';

export const DEVICES = ['tensorrt', 'cuda', 'webgpu', 'cpu'] as const;
export type Device = (typeof DEVICES)[number];

/** Pixels for a model: uint8 [batch, channels, height, width]. */
export interface Pixels {
  data: Uint8Array;
  dims: readonly [number, number, number, number];
}

/** A float32 output; the last axis is contiguous. */
export interface Output {
  data: Float32Array;
  dims: readonly number[];
}

/** A model that is ready to run; it lives as long as its worker. */
export interface ModelSession {
  /** Blocks the calling thread while it runs. Throws MODEL_INVALID when an output of the contract is missing. */
  run(pixels: Pixels): Promise<Record<string, Output>>;
  close(): Promise<void>;
}

export interface OpenSession {
  path: string;
  device: Device;
  /** Threads within one operator (CPU only). */
  threads: number;
  input: string;
  outputs: readonly string[];
}

/** Opens a model file on one device. Errors are onnxruntime's own. */
export async function openSession({
  path,
  device,
  threads,
  input,
  outputs,
}: OpenSession): Promise<ModelSession> {
  // What goes wrong is thrown; onnxruntime would also print it.
  ort.env.logLevel = 'fatal';
  const session = await ort.InferenceSession.create(path, {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Threads that spin while they wait take the cores from ffmpeg and from each other: on two busy cores, two
    // spinning threads took 2.5 times the processor time of one, two that sleep took the same.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const missing = [
    ...(session.inputNames.includes(input) ? [] : [input]),
    ...outputs.filter((name) => !session.outputNames.includes(name)),
  ];
  if (missing.length > 0) {
    throw new MienError(
      'MODEL_INVALID',
      `The model ${path} lacks ${missing.join(', ')} of the model contract.`,
    );
  }
  return {
    async run({ data, dims }) {
      const answers = await session.run({ [input]: new ort.Tensor('uint8', data, dims) }, outputs);
      return answers as unknown as Record<string, Output>;
    },
    close: () => session.release(),
  };
}

/** Why a device cannot be there at all, found without touching it; null when it is worth a try. */
export function absence(device: Device): string | null {
  if (device === 'cpu') return null;
  if (device === 'webgpu')
    return process.platform === 'linux' && !hasGraphics() ? 'no GPU is visible here' : null;
  if (hasProvider(device)) return null;
  return `onnxruntime's ${device} libraries are not installed (npm run install:cuda)`;
}

/** Asking Vulkan on a machine without a GPU takes seconds, and may find a slow software renderer. */
function hasGraphics(): boolean {
  if (existsSync('/dev/nvidiactl') || existsSync('/dev/dxg')) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('render'));
}

function hasProvider(device: Device): boolean {
  const root = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
  try {
    const files = readdirSync(join(root, 'bin'), { recursive: true, encoding: 'utf8' });
    return files.some((file) => file.includes(`providers_${device}`));
  } catch {
    return true;
  }
}
