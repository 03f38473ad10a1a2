/** The one file that imports onnxruntime: opens models, and tells which devices may be there. */
// Before onnxruntime is loaded, whoever opens this door.
import '../../no-telemetry.ts';

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { MienError } from '../../errors.ts';
import type { ModelOutput, ModelSession } from '../models/model-session.ts';

export const DEVICES = ['tensorrt', 'cuda', 'webgpu', 'cpu'] as const;
export type Device = (typeof DEVICES)[number];

export interface OpenSession {
  path: string;
  device: Device;
  /** Threads within one operator (CPU only). */
  intraOpThreads: number;
  input: string;
  outputs: readonly string[];
}

/**
 * Opens a model file on one device; its runs block the calling thread.
 * @throws MienError MODEL_INVALID when the input or an output of the contract is missing; onnxruntime's own errors
 */
export async function openSession({
  path,
  device,
  intraOpThreads,
  input,
  outputs,
}: OpenSession): Promise<ModelSession> {
  // What goes wrong is thrown; onnxruntime would also print it.
  ort.env.logLevel = 'fatal';
  const session = await ort.InferenceSession.create(path, {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Threads that spin while they wait take the cores from ffmpeg and from each other: on two busy cores, two
    // spinning threads took 2.5 times the processor time of one, two that sleep took the same.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  expectNames(path, session, input, outputs);
  return {
    async run({ data, dims }) {
      const answers = await session.run({ [input]: new ort.Tensor('uint8', data, dims) }, outputs);
      return answers as unknown as Record<string, ModelOutput>;
    },
    close: () => session.release(),
  };
}

function expectNames(
  path: string,
  { inputNames, outputNames }: ort.InferenceSession,
  input: string,
  outputs: readonly string[],
): void {
  const missing = [input].filter((name) => !inputNames.includes(name));
  missing.push(...outputs.filter((name) => !outputNames.includes(name)));
  if (missing.length === 0) return;
  throw new MienError(
    'MODEL_INVALID',
    `The model ${path} lacks ${missing.join(', ')} of the model contract.`,
  );
}

/** Why a device cannot be there at all, found without touching it; null when it is worth a try. */
export function unavailableReason(device: Device): string | null {
  if (device === 'cpu') return null;
  if (device === 'webgpu') return mayHaveGpu() ? null : 'no GPU is visible here';
  if (hasProvider(device)) return null;
  return `onnxruntime's ${device} libraries are not installed (npm run install:cuda)`;
}

/** Of Linux alone it can be told that there is none. Asking Vulkan there takes seconds, and may find a slow software renderer. */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
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
