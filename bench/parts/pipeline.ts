/** mien's pipeline, opened as the program opens it. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../../src/domain/frame.ts';
import { createIngest, type Ingest } from '../../src/ingest/index.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { createVision, type Device, type Vision, type VisionConfig } from '../../src/vision/index.ts';

export const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
/** `BENCH_DEVICE=webgpu npm run bench -- inference analyze` on a machine with a GPU. */
export const DEVICE = (process.env.BENCH_DEVICE ?? 'cpu') as Device;
/** Threads within one operator: what mien's own worker takes by default on these cores. */
export const INTRA_OP_THREADS = (() => {
  const cores = availableParallelism();
  return Math.max(1, Math.floor(cores / 2 / Math.max(1, Math.round(cores / 4))));
})();
/** Runs that mien's worker has in hand at a time, each in a thread of its own. */
export const MODEL_THREADS = DEVICE === 'cpu' ? Math.min(2, availableParallelism()) : 1;

/** As `mien analyze` opens it. @param decodePictures without ffmpeg */
export function openIngest(dir: string, decodePictures = false): Ingest {
  const access = { mediaDir: dir, uploadsDir: dir, allowPrivateSources: false };
  return createIngest({ ...access, decodePictures, niceness: 0 });
}

export function openVision(options: Partial<VisionConfig> = {}): Promise<Vision> {
  return createVision({ modelsDir: MODELS, device: DEVICE, ...options });
}

export function timelinesOf(vision: Vision) {
  const ensemble = vision.models.find(({ kind }) => kind === 'ensemble');
  return createTimeline({ thresholds: ensemble?.thresholds ?? { confidence: 0, quality: 0 } });
}

/** Every frame that mien would score of a clip. */
export async function decodeAll(dir: string, path: string, frameRate: number): Promise<Frame[]> {
  const ingest = openIngest(dir);
  const { signal } = new AbortController();
  const source = { type: 'file', path } as const;
  const frames: Frame[] = [];
  const options = { frameRate, realtime: false, loop: false, detectSize: 'STANDARD' as const, signal };
  for await (const frame of (await ingest.open(source, options)).frames) frames.push(frame);
  await ingest.close();
  return frames;
}

/** A frame whose pixels may be transferred away. */
export function copyOf(frame: Frame, mediaTime = frame.mediaTime): Frame {
  return { ...frame, pixels: Uint8Array.from(frame.pixels), mediaTime };
}
