/** Whether models compute in integers is chosen once, at the start, by what is measured there. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createVision, type VisionConfig } from '../../src/vision/index.ts';
import { OUTPUTS } from '../../src/vision/models/model-contract.ts';
import { readModels } from '../../src/vision/models/model-manifest.ts';
import { choosePrecisions } from '../../src/vision/runtime/choose-precisions.ts';
import { differenceOf } from '../../src/vision/runtime/output-difference.ts';
import { squares } from '../helpers/squares.ts';
import { LUMA, type TinyChanges, writeTinyModels } from '../helpers/tiny-models.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
});
afterEach(() => rm(dir, { recursive: true }));

const face = () => squares([{ x: 100, y: 90, side: 60, luma: LUMA[3]! }], 0);

/** What runs, what was told of it, and the threads that were started. */
async function started(changes: TinyChanges, config: Partial<VisionConfig> = {}) {
  await writeTinyModels(dir, changes);
  const told: string[] = [];
  const threads: Worker[] = [];
  const remember = (thread: Worker) => void threads.push(thread);
  process.on('worker', remember);
  onTestFinished(() => void process.off('worker', remember));
  const tell = (level: string) => (_: object, line: string) => void told.push(`${level}: ${line}`);
  const log = { info: tell('info'), warn: tell('warn') };
  const vision = await createVision({
    modelsDir: dir,
    device: 'cpu',
    workers: 1,
    precision: 'auto',
    log,
    ...config,
  });
  onTestFinished(vision.close);
  return { vision, threads, told: told.filter((line) => line.includes('integers')) };
}

const card = async (kind: string) => JSON.parse(await readFile(join(dir, `${kind}.json`), 'utf8'));

describe('of files in integers', () => {
  test('those that are clearly faster run, under an id, a hash and measures of their own, and it is told', async () => {
    const { vision, told } = await started({ int8: 'faster' });
    for (const model of vision.models) {
      const { int8 } = await card(model.kind);
      expect(model).toMatchObject({
        ...{ id: `tiny-${model.kind}@0.0.1+int8`, version: '0.0.1', precision: 'int8', sha256: int8.sha256 },
        metrics: { agreement: 0.99 },
      });
    }
    expect(told).toEqual([
      expect.stringMatching(
        /^info: the detector runs in integers: integers take 0\.\d\d of its time on this processor$/,
      ),
      expect.stringMatching(/^info: the ensemble runs in integers: integers take 0\.\d\d of its time/),
    ]);
    expect((await vision.open('s').analyse(face())).faces).toHaveLength(1);
  });

  test('those that are not faster stay where they are, and that is told, too', async () => {
    const { vision, told } = await started({ int8: 'slower' });
    for (const model of vision.models) {
      const { sha256 } = await card(model.kind);
      expect(model).toMatchObject({
        id: `tiny-${model.kind}@0.0.1`,
        precision: 'single',
        sha256,
        metrics: {},
      });
    }
    expect(told).toEqual([
      expect.stringMatching(
        /^info: the detector runs in single precision: integers take \d+\.\d\d of its time/,
      ),
      expect.stringMatching(
        /^info: the ensemble runs in single precision: integers take \d+\.\d\d of its time/,
      ),
    ]);
  });

  test('those that say something else are refused with a warning, however fast they are', async () => {
    const { vision, told } = await started({ int8: 'wrong' });
    expect(vision.models.map(({ precision }) => precision)).toEqual(['single', 'single']);
    expect(told).toEqual([
      expect.stringMatching(
        /^warn: the detector runs in single precision: in integers its boxes of known faces differ by 0\.\d+ on this processor$/,
      ),
      expect.stringMatching(
        /^warn: the ensemble runs .*: in integers its valence arousal of known faces differ by/,
      ),
    ]);
  });

  test('those that were asked for by name run also where they are slower', async () => {
    const { vision, told } = await started({ int8: 'slower' }, { precision: 'int8', device: 'auto' });
    expect(vision.models.map(({ precision, device }) => [precision, device])).toEqual([
      ['int8', 'cpu'],
      ['int8', 'cpu'],
    ]);
    expect(told).toEqual(
      ['detector', 'ensemble'].map((kind) => `info: the ${kind} runs in integers, as was asked`),
    );
  });

  test.each<[string, TinyChanges, RegExp]>([
    [
      'say something else',
      { int8: 'wrong' },
      /\(detector: its boxes .* on this processor\): set MIEN_PRECISION=auto or single\.$/,
    ],
    ['are not there', {}, /\(no card names a file in integers\): set MIEN_PRECISION=auto or single\.$/],
  ])('those that were asked for by name and %s stop the start', async (_, changes, message) => {
    await expect(started(changes, { precision: 'int8' })).rejects.toMatchObject({
      ...{ name: 'MienError', code: 'DEVICE_UNAVAILABLE', message: expect.stringMatching(message) },
    });
  });

  test('nobody asks for any where single precision was asked for, and no thread is started for that', async () => {
    const { vision, threads, told } = await started({ int8: 'faster' }, { precision: 'single' });
    expect(vision.models.map(({ precision }) => precision)).toEqual(['single', 'single']);
    expect([threads.length, told]).toEqual([3, []]);
  });

  test('a trial that dies keeps no server from its start, and is told, unless integers were asked for by name', async () => {
    const kill = () => process.once('worker', (thread) => void thread.terminate());
    kill();
    const { vision, told } = await started({ int8: 'faster' });
    expect(vision.models.map(({ precision }) => precision)).toEqual(['single', 'single']);
    const why = 'in integers it could not be tried (the thread that tries it ended without an answer)';
    expect(told).toEqual(
      ['detector', 'ensemble'].map((kind) => `warn: the ${kind} runs in single precision: ${why}`),
    );
    expect((await vision.open('s').analyse(face())).faces).toHaveLength(1);
    kill();
    await expect(started({ int8: 'faster' }, { precision: 'int8' })).rejects.toThrow(
      'ended without an answer',
    );
  });

  test('the choice is made once for all threads and their replacements', async () => {
    const { vision, threads } = await started({ int8: 'faster' }, { workers: 2 });
    expect(threads).toHaveLength(1 + 2 * 3);
    // Who would now open the others, or try again, could not.
    for (const kind of ['detector', 'ensemble']) await rm(join(dir, `${kind}.onnx`));
    const stream = vision.open('s');
    const dead = threads.at(-1)!;
    dead.postMessage(null); // it cannot read this
    await new Promise((resolve) => dead.once('exit', resolve));
    await expect.poll(() => threads.length, { timeout: 5000 }).toBe(1 + 3 * 3);
    const other = vision.open('t');
    for (const one of [stream, other]) expect((await one.analyse(face())).faces).toHaveLength(1);
  });
});

describe('a card', () => {
  const changed = async (change: object) => {
    await writeTinyModels(dir, { int8: 'faster' });
    const before = await card('ensemble');
    await writeFile(
      join(dir, 'ensemble.json'),
      JSON.stringify({ ...before, int8: { ...before.int8, ...change } }),
    );
    return readModels(dir);
  };

  test('with integers that were made from another file is refused', async () => {
    await expect(changed({ madeFrom: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(
        /ensemble\.int8\.onnx was not made from ensemble\.onnx .*python -m training quantise/,
      ),
    });
  });

  test('with integers of another hash is refused', async () => {
    await expect(changed({ sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/ensemble\.int8\.onnx is not the one that ensemble\.json describes/),
    });
  });

  test('with integers that are not there is refused, and tells both ways out', async () => {
    await expect(changed({ file: 'elsewhere.onnx' })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(
        /elsewhere\.onnx, which ensemble\.json names, cannot be read: put it there, or take `int8` out of the card\.$/,
      ),
    });
  });
});

test('a file in integers that does not run is passed over, and why is told', async () => {
  await writeTinyModels(dir, { int8: 'faster' });
  const models = await readModels(dir);
  await writeFile(join(dir, 'detector.int8.onnx'), 'no model');
  const { precisions, tried } = await choosePrecisions(models, 'auto');
  expect(precisions).toEqual({ detector: 'single', ensemble: 'int8' });
  expect(tried[0]!.fault).toMatch(/^it does not run \(/);
});

test('answers that are not numbers agree with nothing', async () => {
  await writeTinyModels(dir);
  const models = await readModels(dir);
  const outputs = (of: number[]) => ({
    scores: { data: Float32Array.of(0.9, 0.1), dims: [1, 2] },
    boxes: { data: Float32Array.from(of), dims: [1, 2, 4] },
    landmarks: { data: new Float32Array(20), dims: [1, 2, 5, 2] },
  });
  const right = [0, 0, 100, 100, 0, 0, 50, 50];
  const told = (of: number[]) => differenceOf('detector', outputs(right), outputs(of), models);
  expect(told(right)).toBeNull();
  // The second is no face: nobody asks where its box is.
  expect(told([5, 5, 100, 100, 0, 0, 90, 90])).toBeNull();
  expect(told([25, 0, 100, 100, 0, 0, 50, 50])).toBe(
    'its boxes of known faces differ by 0.25 on this processor',
  );
  expect(told([Number.NaN, 0, 100, 100, 0, 0, 50, 50])).toContain('its boxes of known faces differ by NaN');
});

test.each(['detector', 'ensemble'] as const)('all that the %s answers is compared', async (kind) => {
  await writeTinyModels(dir);
  const models = await readModels(dir);
  // The first candidate is a face.
  const outputs = (broken?: string) =>
    Object.fromEntries(
      OUTPUTS[kind].map((name) => {
        const data = new Float32Array(10);
        data[0] = 0.9;
        if (name === 'boxes') data.set([100, 100], 2);
        if (name === broken) data[0] = Number.NaN;
        return [name, { data, dims: [1, 10] }];
      }),
    );
  expect(differenceOf(kind, outputs(), outputs(), models)).toBeNull();
  const told = OUTPUTS[kind].map((name) => differenceOf(kind, outputs(), outputs(name), models));
  expect(told).toEqual(
    OUTPUTS[kind].map(
      (name) => `its ${name.replace('_', ' ')} of known faces differ by NaN on this processor`,
    ),
  );
});
