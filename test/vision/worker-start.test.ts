import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { spawnBeside } from '../../src/threads/spawn.ts';
import { createVision } from '../../src/vision/index.ts';
import { readModels } from '../../src/vision/models/model-manifest.ts';
import { squares } from '../helpers/squares.ts';
import { LUMA, writeTinyModels } from '../helpers/tiny-models.ts';

const BESIDE_WORKERS = new URL('../../src/vision/workers/spawn-worker.ts', import.meta.url).href;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
  await writeTinyModels(dir);
});
afterEach(() => void vi.useRealTimers());
afterAll(() => rm(dir, { recursive: true }));

test('a vision worker ends, and its model workers too, where one of them cannot open its models', async () => {
  const [able, unable] = [new MessageChannel(), new MessageChannel()];
  const setup = { models: await readModels(dir), device: 'cpu', intraOpThreads: 1, modelThreads: 2 };
  const modelWorker = spawnBeside(BESIDE_WORKERS, 'model.worker', {
    workerData: { ...setup, port: able.port2 },
    transferList: [able.port2],
  });
  const ports = [able.port1, unable.port1];
  const worker = spawnBeside(BESIDE_WORKERS, 'vision.worker', {
    workerData: { ...setup, detectEvery: 5, maxBatch: 32, measure: false, ports },
    transferList: ports,
  });
  const gone = Promise.all([once(modelWorker, 'exit'), once(worker, 'exit')]);
  const failed = { type: 'failed', code: 'MODEL_INVALID', message: 'The models do not run.' };
  unable.port2.postMessage(failed);
  expect(await once(worker, 'message')).toEqual([failed]);
  expect(await gone).toEqual([[0], [0]]);
});

test('a replacement that does not open its models in ten times the limit of a frame is replaced', async () => {
  const [model, kept] = [join(dir, 'detector.onnx'), join(dir, 'kept.onnx')];
  const started: Worker[] = [];
  const remember = (thread: Worker) => void started.push(thread);
  const reasons: object[] = [];
  const log = { info: () => {}, warn: (fields: object) => reasons.push(fields) };
  process.on('worker', remember);
  const vision = await createVision({ modelsDir: dir, device: 'cpu', workers: 1, hungAfter: 60, log });
  const stream = vision.open('s');
  const newest = (count: number) =>
    expect
      .poll(() => started.length)
      .toBe(count)
      .then(() => started.at(-1)!);
  const first = await newest(3);

  // A file that nobody writes to: whoever reads it, waits.
  await rename(model, kept);
  execFileSync('mkfifo', [model]);
  const silent = await open(model, 'r+');
  onTestFinished(() => silent.close()); // a thread that reads cannot be ended
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const dead = new Promise((resolve) => first.once('exit', resolve));
  first.postMessage(null); // it cannot read this
  await dead;
  await vi.advanceTimersByTimeAsync(100);
  await newest(6);
  const face = () => squares([{ x: 100, y: 90, side: 60, luma: LUMA[3]! }], 0);
  const lost = expect(stream.analyse(face())).rejects.toThrow('it did not open its models in 600 s');
  await vi.advanceTimersByTimeAsync(600_000);
  await lost;
  expect(reasons).toHaveLength(2);

  const hung = started.slice(3).map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
  await rename(kept, model);
  await silent.close();
  await Promise.all(hung);
  await vi.advanceTimersByTimeAsync(200);
  process.off('worker', remember);
  expect((await stream.analyse(face())).faces).toHaveLength(1);
  vi.useRealTimers();
  await vision.close();
}, 60_000);
