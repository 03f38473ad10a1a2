/** What `mien analyze` is held against: decoding and inference, each alone on the same cores. */
import { availableParallelism } from 'node:os';
import type { Frame } from '../../src/domain/frame.ts';
import { downscale } from '../../src/vision/image/resize.ts';
import { type BareModels, bareDecode } from './baselines.ts';

/** Per frame: searches, those at half the size, and faces. */
export interface Workload {
  detections: number;
  halfSizeDetections: number;
  faces: number;
}

/** Frames' worth of bare runs that are timed at once: as many as a clip has. */
const BARE_FRAMES = 600;

export type Limits = Awaited<ReturnType<typeof limitsOf>>;

/** @param rate frames decoded per second of video */
export async function limitsOf(
  path: string,
  rate: number,
  bare: readonly BareModels[],
  frame: Frame,
  workload: Workload,
) {
  const decode = () => bareDecode(path, rate, Math.min(4, availableParallelism()));
  const decoded = await decode();
  const inferring = [];
  for (const models of bare) {
    const infer = () => inferOnly(models, frame, workload, BARE_FRAMES);
    await infer();
    inferring.push({
      name: 'session.run alone',
      ...(await infer()),
      again: () => infer().then(({ fps }) => fps),
    });
  }
  const fastest = inferring.reduce((best, other) => (other.fps > best.fps ? other : best));
  return {
    decoding: {
      name: 'ffmpeg alone',
      fps: decoded.frames / decoded.seconds,
      cpu: decoded.cpuSeconds / decoded.frames,
      again: () => decode().then(({ frames, seconds }) => frames / seconds),
    },
    /** As fast as it goes alone, and the processor time that it takes when it takes the least. */
    inference: { ...fastest, cpu: Math.min(...inferring.map(({ cpu }) => cpu)) },
  };
}

/** Whether the `i`th frame has one of what comes so often per frame. */
const isDue = (i: number, often: number): boolean => Math.floor((i + 1) * often) > Math.floor(i * often);

/** `count` frames' worth of runs, in the proportions that mien had. */
async function inferOnly(
  bare: BareModels,
  frame: Frame,
  { detections, halfSizeDetections, faces }: Workload,
  count: number,
) {
  const half = downscale(frame, 2);
  const began = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    if (isDue(i, detections)) await bare.detect(frame);
    if (isDue(i, halfSizeDetections)) await bare.detect(half);
    const due = Math.round((i + 1) * faces) - Math.round(i * faces);
    if (due > 0) await bare.score(due);
  }
  const { user, system } = process.cpuUsage(before);
  return { fps: (count / (performance.now() - began)) * 1000, cpu: (user + system) / 1e6 / count };
}
