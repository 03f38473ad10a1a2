import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RawReading } from '../../src/domain/face.ts';
import { createVision, type Vision, type VisionConfig } from '../../src/vision/index.ts';
import { mayHaveGpu } from '../../src/vision/runtime/inference-session.ts';
import { squares } from '../helpers/squares.ts';
import { ACTION_UNITS, LUMA, writeTinyModels } from '../helpers/tiny-models.ts';

let dir: string;
/** One for all tests that ask for nothing else. */
let shared: Vision;
const opened: Vision[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
  await writeTinyModels(dir);
  shared = await createVision({ modelsDir: dir, device: 'cpu', workers: 1 });
});
afterEach(async () => {
  for (const vision of opened.splice(0)) await vision.close();
});
afterAll(async () => {
  await shared?.close();
  await rm(dir, { recursive: true });
});

async function start(changes: Partial<VisionConfig> = {}): Promise<Vision> {
  const vision = await createVision({ modelsDir: dir, device: 'cpu', workers: 1, ...changes });
  opened.push(vision);
  return vision;
}

const centre = ({ box }: RawReading) => ({
  x: (box.x + box.width / 2) * 320,
  y: (box.y + box.height / 2) * 192,
});
const bright = (x: number, y = 90, side = 60) => ({ x, y, side, luma: LUMA[3]! });
const dim = (x: number, y = 90, side = 50) => ({ x, y, side, luma: LUMA[1]! });

describe('a reading', () => {
  it('readings of a single picture say where its faces are, and what they express', async () => {
    const stream = shared.open('s');
    const readings = (await stream.analyse(squares([bright(100), dim(220, 60)]))).faces;
    expect(readings.map(({ track }) => track)).toEqual([1, 2]);
    const face = readings.find((reading) => Math.abs(centre(reading).x - 100) < 2)!;
    expect(face.box).toMatchObject({ x: expect.closeTo(70 / 320, 2), width: expect.closeTo(60 / 320, 2) });
    expect(face.box).toMatchObject({ y: expect.closeTo(60 / 192, 2), height: expect.closeTo(60 / 192, 2) });
    expect(face.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    expect(face.probabilities.indexOf(Math.max(...face.probabilities))).toBe(1);
    expect(face.agreement).toBeGreaterThan(0.8);
    expect(face.agreement).toBeLessThan(1);
    expect(face.actionUnits).toHaveLength(ACTION_UNITS.length);
    // The nose tip lies at the template's place within the square's crop, mapped back to the picture.
    expect(face.landmarks[30]).toEqual({
      x: expect.closeTo(100 / 320, 2),
      y: expect.closeTo((90 + ((0.584 - 0.5) / 0.6) * 60) / 192, 2),
    });
    expect(face.quality).toEqual({ score: expect.closeTo(0.95, 1), issues: [] });
  });

  it('action units that do not follow what is seen on real faces are not told', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vision-told-'));
    const [first, second, third] = ACTION_UNITS as [string, string, string];
    await writeTinyModels(dir, {
      ensemble: { actionUnitsTold: { [first]: 0.7, [second]: null, [third]: 0.5 } },
    });
    const all = (await shared.open('s').analyse(squares([bright(100)]))).faces[0]!.actionUnits;
    const vision = await start({ modelsDir: dir });
    const [face] = (await vision.open('s').analyse(squares([bright(100)]))).faces;
    expect(new Set(all).size).toBe(3);
    expect(face!.actionUnits).toEqual([all[0], all[2]]);
    expect(vision.models[1]!.actionUnits).toEqual([first, third]);
    await writeTinyModels(dir, { ensemble: { actionUnitsTold: { [first]: 0.7 } } });
    await expect(start({ modelsDir: dir })).rejects.toThrow('actionUnitsTold: has a number or null for each');
    await rm(dir, { recursive: true });
  });

  it('readings of colour models are the same as of gray ones', async () => {
    const rgb = await mkdtemp(join(tmpdir(), 'vision-rgb-'));
    await writeTinyModels(rgb, { rgb: true });
    const gray = (await shared.open('s').analyse(squares([bright(100)]))).faces;
    expect((await (await start({ modelsDir: rgb })).open('s').analyse(squares([bright(100)]))).faces).toEqual(
      gray,
    );
    await rm(rgb, { recursive: true });
  });

  it('there is no reading of what the ensemble takes for no face, where the card has a threshold for it', async () => {
    const judging = await mkdtemp(join(tmpdir(), 'vision-face-'));
    await writeTinyModels(judging, { ensemble: { thresholds: { face: 0.2, issues: { blurred: 0 } } } });
    // Two squares of one luma are found as one face between them, where there is nothing to see.
    const nothing = [dim(180, 40, 30), dim(290, 40, 30)];
    const streams = [shared.open('s'), (await start({ modelsDir: judging })).open('s')];
    for (const time of [0, 0.1, 0.2, 0.3]) {
      const frame = () => squares([bright(60, 110), ...nothing], time);
      const [believing, doubting] = await Promise.all(streams.map((stream) => stream.analyse(frame())));
      expect(believing!.faces).toHaveLength(2);
      expect(doubting!.faces.map((face) => Math.round(centre(face).x))).toEqual([60]);
      expect(doubting!.faces[0]!.track).toBe(1);
    }
    await rm(judging, { recursive: true });
  });

  it.each([
    ['1 x 1', 1, 1],
    ['thin', 700, 1],
    ['odd', 321, 193],
    ['larger than the detector takes', 960, 540],
  ])('a picture that is %s does no harm', async (_, width, height) => {
    expect((await shared.open('empty').analyse(squares([], 0, width, height))).faces).toEqual([]);
    const [face] = (await shared.open('face').analyse(squares([bright(100)], 0, width, height))).faces;
    if (height > 150) expect((face!.box.x + face!.box.width / 2) * width).toBeCloseTo(100, -1);
  });

  it('the box of a face that leaves the picture stays within it', async () => {
    const [face] = (await shared.open('s').analyse(squares([bright(20)]))).faces;
    expect(face!.box.x).toBeGreaterThanOrEqual(0);
    expect(face!.box.x + face!.box.width).toBeLessThanOrEqual(1);
  });
});

describe('a stream', () => {
  it.each([0, 1])(
    'a stream follows its faces where its pictures change their size, %i frames behind a detection',
    async (before) => {
      const stream = shared.open('s');
      const sizes = [1, 1, 1, 2, 2, 0.75, 0.75, 0.75, 1, 2].slice(1 - before);
      const all = sizes.map((scale, i) => {
        const faces = [bright(60 + i * 5), dim(260 - i * 5, 150, 40)].map(({ x, y, side, luma }) => {
          return { x: x * scale, y: y * scale, side: side * scale, luma };
        });
        return stream.analyse(squares(faces, i / 10, 320 * scale, 192 * scale));
      });
      for (const [i, { faces: readings }] of (await Promise.all(all)).entries()) {
        expect(readings.map(({ track }) => track)).toEqual([1, 2]);
        const [one, other] = readings.map((face) => centre(face).x);
        expect(Math.abs(one! - (260 - i * 5)), `frame ${i}`).toBeLessThan(8);
        expect(Math.abs(other! - (60 + i * 5)), `frame ${i}`).toBeLessThan(8);
        expect(Math.abs(readings[1]!.box.width * 320 - 60)).toBeLessThan(3);
      }
    },
  );

  it('a stream follows its faces between detections', async () => {
    const before = shared.stats();
    const stream = shared.open('s');
    for (let i = 0; i < 20; i++) {
      const readings = (
        await stream.analyse(squares([bright(60 + i * 5), dim(260 - i * 5, 150, 40)], i / 10))
      ).faces;
      expect(readings.map(({ track }) => track)).toEqual([1, 2]);
      const [x, other] = readings.map((reading) => centre(reading).x).sort((a, b) => a - b);
      const expected = [60 + i * 5, 260 - i * 5].sort((a, b) => a - b);
      expect(Math.abs(x! - expected[0]!)).toBeLessThan(3);
      expect(Math.abs(other! - expected[1]!)).toBeLessThan(3);
    }
    const { frames, detectedFrames, queueDepth } = shared.stats();
    expect(frames - before.frames).toBe(20);
    expect(detectedFrames - before.detectedFrames).toBeLessThan(20);
    expect(queueDepth).toBe(0);
  });

  it('a stream takes frames in order without waiting, and numbers its own tracks', async () => {
    const [one, two] = [shared.open('one'), shared.open('two')];
    const calls = Array.from({ length: 12 }, (_, i) => {
      const stream = i % 2 ? one : two;
      return stream.analyse(squares([bright(100 + i)], Math.floor(i / 2) / 10));
    });
    const readings = (await Promise.all(calls)).map(({ faces }) => faces);
    readings.forEach((faces, i) => {
      expect(faces.map(({ track }) => track)).toEqual([1]);
      expect(Math.abs(centre(faces[0]!).x - (100 + i))).toBeLessThan(3);
    });
  });

  it('frames that come all at once are scored together, and have the readings that they would have one by one', async () => {
    const batches: number[] = [];
    const vision = await start({ metrics: { batchSize: (faces) => batches.push(faces) } });
    // One face walks, jumps and stops; another comes, goes, and comes again.
    const frames = () =>
      Array.from({ length: 40 }, (_, i) => {
        const x = i < 12 ? 60 + i / 2 : i < 24 ? 60 + i * 5 : 200;
        const comes = i >= 6 && i % 17 < 12;
        return squares([bright(x), ...(comes ? [dim(250, 40, 40)] : [])], i / 10);
      });
    const [oneByOne, atOnce] = [vision.open('one by one'), vision.open('at once')];
    const one: RawReading[][] = [];
    for (const frame of frames()) one.push((await oneByOne.analyse(frame)).faces);
    expect(Math.max(...batches)).toBe(2);
    batches.length = 0;
    const all = (await Promise.all(frames().map((frame) => atOnce.analyse(frame)))).map(({ faces }) => faces);
    expect(all).toEqual(one);
    expect(new Set(one.map((faces) => faces.length))).toEqual(new Set([1, 2]));
    expect(Math.max(...batches)).toBeGreaterThan(2);
  });

  it('a face is told in its first frame when it reaches the activation thresholds', async () => {
    const stream = shared.open('s');
    expect((await stream.analyse(squares([]))).faces).toEqual([]);
    expect((await stream.analyse(squares([bright(100)], 0.1))).faces).toEqual([]); // does not go through the detector
    expect((await stream.analyse(squares([bright(100)], 0.2))).faces).toHaveLength(1);
    const pair = shared.open('pair');
    expect((await pair.analyse(squares([bright(100)]))).faces).toHaveLength(1);
    expect((await pair.analyse(squares([bright(100)], 1))).faces).toHaveLength(1);
  });

  it('streams share batches of at most `maxBatch` faces', async () => {
    const batches: number[] = [];
    const vision = await start({ maxBatch: 3, metrics: { batchSize: (faces) => batches.push(faces) } });
    const streams = Array.from({ length: 5 }, (_, i) => vision.open(`${i}`));
    await Promise.all(streams.map((stream) => stream.analyse(squares([bright(80), dim(200)]))));
    // The crop of a new face is realigned.
    expect(batches.reduce((a, b) => a + b)).toBe(20);
    expect(Math.max(...batches)).toBe(3);
  });

  it('the pixels of a frame are transferred, and copied where they are part of something larger', async () => {
    const stream = shared.open('s');
    const frame = squares([bright(100)]);
    const view = {
      ...frame,
      pixels: Buffer.concat([Buffer.alloc(5), frame.pixels]).subarray(5),
      mediaTime: 0.1,
    };
    expect((await stream.analyse(frame)).faces).toHaveLength(1);
    expect(frame.pixels).toHaveLength(0);
    expect((await stream.analyse(view)).faces).toHaveLength(1);
    expect(view.pixels).toHaveLength(320 * 192);
  });

  it('shared pixels are read where they are, and left', async () => {
    const frame = squares([bright(100)]);
    const pixels = new Uint8Array(new SharedArrayBuffer(frame.pixels.length));
    pixels.set(frame.pixels);
    const [face] = (await shared.open('s').analyse({ ...frame, pixels })).faces;
    expect(centre(face!).x).toBeCloseTo(100, -1);
    expect(pixels).toEqual(frame.pixels);
  });

  it('a stream answers the frames that came before its close, and none after', async () => {
    const before = shared.stats();
    const stream = shared.open('s');
    const last = stream.analyse(squares([bright(100)]));
    await stream.close();
    expect((await last).faces).toHaveLength(1);
    await expect(stream.analyse(squares([]))).rejects.toMatchObject({ name: 'WorkerLost' });
    expect(shared.stats().streams).toBe(before.streams);
  });
});

describe('models and devices', () => {
  it('the models are described', async () => {
    const [detector, ensemble] = shared.models;
    expect(detector).toMatchObject({
      id: 'tiny-detector@0.0.1',
      kind: 'detector',
      device: 'cpu',
      inputSize: 320,
    });
    expect(ensemble).toMatchObject({ kind: 'ensemble', inputSize: 48, actionUnits: ACTION_UNITS });
    expect(ensemble!.thresholds).toEqual({ confidence: 0.3, quality: 0.25 });
  });

  it('auto finds a device that works, and says which', async () => {
    const lines: [object, string][] = [];
    const log = { info: (fields: object, message: string) => lines.push([fields, message]), warn: () => {} };
    const vision = await start({ device: 'auto', log });
    const { device } = vision.models[0]!;
    const [fields, sentence] = lines.at(-1)!;
    // Where there is a GPU that does not work, it says why.
    if (mayHaveGpu()) expect(sentence).toBe(`the models run on: ${device}`);
    else expect([fields, sentence]).toEqual([{}, 'no GPU was found, so the models run on the CPU']);
    expect((await vision.open('s').analyse(squares([bright(100)]))).faces).toHaveLength(1);
  });

  it('a device that was asked for and is not there stops the start', async () => {
    const error = await start({ device: 'tensorrt' }).catch((e: unknown) => e);
    if (opened.length > 0) return console.warn('tensorrt works here: nothing to refuse');
    expect(error).toMatchObject({ name: 'MienError', code: 'DEVICE_UNAVAILABLE' });
    expect((error as Error).message).toMatch(
      /^The device tensorrt does not come up .*MIEN_DEVICE=auto or cpu\.$/,
    );
  });

  it('a model that breaks the contract stops the start', async () => {
    const wrong = await mkdtemp(join(tmpdir(), 'vision-wrong-'));
    await writeTinyModels(wrong, { ensemble: { actionUnits: ['AU1'] } });
    await expect(start({ modelsDir: wrong })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/action_units of the model has the shape \[2, 3\]/),
    });
    await rm(wrong, { recursive: true });
  });
});
