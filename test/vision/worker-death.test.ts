import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVision, type Vision } from '../../src/vision/index.ts';
import { WorkerLost } from '../../src/vision/workers/worker-lost.ts';
import { squares } from '../helpers/squares.ts';
import { LUMA, writeTinyModels } from '../helpers/tiny-models.ts';

const workers: Worker[] = [];
/** The model workers of each. */
const modelWorkers: Worker[][] = [];
/** What is started at once belongs together: the threads of the models, then their worker. */
const started: Worker[] = [];
const remember = (thread: Worker) => {
  if (started.push(thread) > 1) return;
  setImmediate(() => {
    workers.push(started.pop()!);
    modelWorkers.push(started.splice(0));
  });
};
const deaths: string[] = [];
let dir: string;
let vision: Vision;
let counted = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
  await writeTinyModels(dir);
  process.on('worker', remember);
  vision = await createVision({
    modelsDir: dir,
    device: 'auto',
    workers: 1,
    metrics: { workerDeaths: () => counted++ },
    log: { info: () => {}, warn: (_, message) => deaths.push(message) },
  });
});
afterAll(async () => {
  process.off('worker', remember);
  await vision?.close();
  await rm(dir, { recursive: true });
});

/** The newest worker dies of an uncaught error: its handler meets a message that it cannot read, and none after it. */
async function crash(): Promise<void> {
  const worker = await livingWorker();
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage(null);
  await gone;
}

/** The newest worker; where it is dead, the one that replaces it. */
async function livingWorker(): Promise<Worker> {
  await expect.poll(() => workers.at(-1)!.threadId, { timeout: 100_000 }).not.toBe(-1);
  return workers.at(-1)!;
}

const frame = (mediaTime: number) => squares([{ x: 100, y: 90, side: 60, luma: LUMA[3]! }], mediaTime);

describe('a worker that dies', () => {
  it('a worker that dies loses the frames in its hands; the next frame is scored, with new track numbers', async () => {
    const stream = vision.open('s');
    expect((await stream.analyse(frame(0))).faces[0]!.track).toBe(1);

    const worker = await livingWorker();
    // Messages keep their order: what kills the worker comes before the frames, so it dies with them unanswered.
    worker.postMessage(null);
    const lost = [stream.analyse(frame(0.1)), stream.analyse(frame(0.2))];
    await Promise.all(lost.map((call) => expect(call).rejects.toBeInstanceOf(WorkerLost)));
    const [face] = (await stream.analyse(frame(0.3))).faces;
    expect(face!.track).toBe(2);
    expect(workers).toHaveLength(2);
    expect(vision.stats()).toMatchObject({ workerDeaths: 1, queueDepth: 0, streams: 1 });
    expect([deaths.length, counted]).toEqual([1, 1]);
  });

  it('a worker that dies again and again is replaced, and frames that come meanwhile are kept', async () => {
    const stream = vision.open('t');
    for (let i = 0; i < 2; i++) {
      await crash();
      expect((await stream.analyse(frame(i + 0.1))).faces).toHaveLength(1);
    }
  });

  it('a worker whose model worker is gone is replaced', async () => {
    const stream = vision.open('u');
    await livingWorker();
    const before = workers.length;
    await modelWorkers.at(-1)![0]!.terminate(); // it rests: within onnxruntime this would end the process
    await expect.poll(() => workers.length, { timeout: 100_000 }).toBe(before + 1);
    expect((await stream.analyse(frame(0))).faces).toHaveLength(1);
  });

  it('a stream that is closed while its worker is replaced stays closed', async () => {
    const stream = vision.open('u');
    await crash();
    await stream.close();
    expect((await vision.open('v').analyse(frame(0))).faces).toHaveLength(1);
  });
});

it('a worker that hangs is replaced, and ends when it comes back', async () => {
  const hungAfter = 1;
  const before = workers.length;
  const reasons: object[] = [];
  const log = { info: () => {}, warn: (fields: object) => reasons.push(fields) };
  const hanging = await createVision({ modelsDir: dir, device: 'cpu', workers: 1, hungAfter, log });
  const stream = hanging.open('s');
  expect((await stream.analyse(frame(0))).faces).toHaveLength(1);
  // So large a picture keeps the thread busy for some three seconds of processor time.
  const endless = stream.analyse({ ...frame(0.1), width: 15_000, height: 15_000 });
  await expect(endless).rejects.toMatchObject({
    name: 'WorkerLost',
    message: expect.stringContaining('it gave no answer for 1 s'),
  });
  expect((await stream.analyse(frame(0.2))).faces).toMatchObject([{ track: 2 }]);
  expect(workers).toHaveLength(before + 2);
  expect(reasons).toEqual([{ reason: 'it gave no answer for 1 s' }]);
  const hung = workers[before]!;
  for (const thread of [hung, ...modelWorkers[before]!])
    if (thread.threadId !== -1) await new Promise((gone) => thread.once('exit', gone));
  expect((await stream.analyse(frame(0.3))).faces).toHaveLength(1);
  expect(hanging.stats()).toMatchObject({ workerDeaths: 1, queueDepth: 0 });
  await hanging.close();
}, 300_000);

it('closing rejects the frames that wait, and leaves no worker behind', async () => {
  const stream = vision.open('w');
  const waiting = expect(stream.analyse(frame(0))).rejects.toBeInstanceOf(WorkerLost);
  await vision.close();
  await waiting;
  await expect(stream.analyse(frame(1))).rejects.toMatchObject({ name: 'WorkerLost' });
  expect([...workers, ...modelWorkers.flat()].every((thread) => thread.threadId === -1)).toBe(true);
});
