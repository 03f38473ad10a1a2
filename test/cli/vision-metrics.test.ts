import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { visionMetrics } from '../../src/cli/serve/services.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { createVision, type Vision } from '../../src/vision/index.ts';
import { squares } from '../helpers/squares.ts';
import { LUMA, writeTinyModels } from '../helpers/tiny-models.ts';

const threads: Worker[] = [];
const remember = (thread: Worker) => threads.push(thread);
let dir: string;
let metrics: Metrics;
let vision: Vision;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-metrics-'));
  await writeTinyModels(dir);
  metrics = createMetrics();
  process.on('worker', remember);
  vision = await createVision({
    modelsDir: dir,
    device: 'cpu',
    workers: 1,
    metrics: visionMetrics(metrics),
  });
});
afterAll(async () => {
  process.off('worker', remember);
  await vision.close();
  metrics.close();
  await rm(dir, { recursive: true });
});

const frame = (mediaTime: number) => squares([{ x: 100, y: 90, side: 60, luma: LUMA[3]! }], mediaTime);

/** The value of a series as it stands at /metrics. */
async function scraped(series: string): Promise<number> {
  const line = (await metrics.registry.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.split(' ')[1]);
}

it('frames that wait for the models are in the queue depth until they are answered', async () => {
  const stream = vision.open('queue');
  const answers = [stream.analyse(frame(0)), stream.analyse(frame(0.1))];
  expect(await scraped('mien_vision_queue_depth')).toBe(2);
  await Promise.all(answers);
  expect(await scraped('mien_vision_queue_depth')).toBe(0);
});

it('the time in the detector is told of the frames that go through it', async () => {
  const before = await scraped('mien_detection_seconds_count');
  const stream = vision.open('detection');
  for (const time of [0, 0.1, 0.2]) await stream.analyse(frame(time));
  expect(await scraped('mien_detection_seconds_count')).toBe(before + 1);
  expect(await scraped('mien_detection_seconds_sum')).toBeGreaterThan(0);
  expect(await scraped('mien_detection_seconds_sum')).toBeCloseTo(vision.stats().detectionSeconds, 6);
});

it('a worker that dies is counted, and its frames leave the queue depth', async () => {
  expect(await scraped('mien_vision_worker_deaths_total')).toBe(0);
  const stream = vision.open('death');
  // A message that its handler cannot read ends the vision worker, which is started after its model workers.
  threads.at(-1)!.postMessage(null);
  await expect(stream.analyse(frame(0))).rejects.toMatchObject({ name: 'WorkerLost' });
  expect(await scraped('mien_vision_worker_deaths_total')).toBe(1);
  expect(await scraped('mien_vision_queue_depth')).toBe(0);
});

it('how fast the models are is measured at the start, where that is asked for', async () => {
  const measured = await createVision({ modelsDir: dir, device: 'cpu', workers: 1, measure: true });
  try {
    expect(measured.modelRate).toBeGreaterThan(0);
    expect(measured.modelRate).toBeLessThan(Infinity);
    expect(vision.modelRate).toBeNull();
  } finally {
    await measured.close();
  }
});
