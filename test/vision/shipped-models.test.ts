/** The shipped pair, through onnxruntime-node, on real faces. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawReading } from '../../src/domain/face.ts';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { createVision, type Vision } from '../../src/vision/index.ts';
import { type Models, readModels, toldActionUnits } from '../../src/vision/models/model-manifest.ts';
import { choosePrecisions } from '../../src/vision/runtime/choose-precisions.ts';
import { openModels } from '../../src/vision/runtime/open-models.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const modelsDir = at('../../models');
const shipped = ['detector.json', 'detector.onnx', 'ensemble.json', 'ensemble.onnx'].every((file) =>
  existsSync(`${modelsDir}/${file}`),
);
const demo = at('../fixtures/demo.mp4');
const person = at('../../../shared/videos/single_face.mp4');
const ffmpeg = process.env.FFMPEG_PATH ?? 'ffmpeg';
const decodes = spawnSync(ffmpeg, ['-version']).status === 0;
for (const [present, what] of [
  [shipped, modelsDir],
  [existsSync(demo), demo],
  [existsSync(person), person],
  [decodes, 'ffmpeg'],
] as const) {
  if (!present) console.warn(`NOT TESTED for want of ${what}`);
}

/** Gray frames of a clip, or of this part of its pictures: width, height, left, top. */
function framesOf(path: string, rate: number, seconds: number, size = [640, 360], part?: string) {
  const [width, height] = size as [number, number];
  const filters = `${part ? `crop=${part},` : ''}fps=${rate},scale=${width}:${height}`;
  const args = ['-v', 'error', '-t', `${seconds}`, '-i', path, '-vf', filters];
  const run = spawnSync(ffmpeg, [...args, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  return Array.from({ length: Math.floor(run.stdout.length / (width * height)) }, (_, i) => ({
    pixels: new Uint8Array(run.stdout.subarray(i * width * height, (i + 1) * width * height)),
    width,
    height,
    mediaTime: i / rate,
    wallTime: 0,
    dropped: {},
  }));
}

function expectSound(face: RawReading, actionUnits: number): void {
  expect(face.probabilities).toHaveLength(EXPRESSIONS.length);
  expect(face.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
  expect(face.actionUnits).toHaveLength(actionUnits);
  const { box, pose, quality, landmarks, agreement, valence, arousal } = face;
  for (const v of [...face.probabilities, ...face.actionUnits, agreement, quality.score]) {
    expect(v).toBeGreaterThanOrEqual(0);
    expect(v).toBeLessThanOrEqual(1);
  }
  for (const v of [valence, arousal]) expect(Math.abs(v)).toBeLessThanOrEqual(1);
  for (const v of [pose.yaw, pose.pitch, pose.roll]) expect(Math.abs(v)).toBeLessThan(91);
  const [x, y] = [landmarks[30]!.x - box.x, landmarks[30]!.y - box.y];
  expect(x / box.width).toBeCloseTo(0.5, 0);
  expect(y / box.height).toBeCloseTo(0.6, 0);
}

describe.skipIf(!shipped)('the shipped models', () => {
  let models: Models;
  let vision: Vision;
  beforeAll(async () => {
    models = await readModels(modelsDir);
    vision = await createVision({ modelsDir, device: 'cpu', workers: 1 });
  });
  afterAll(() => vision?.close());

  it('the shipped models are the files that their cards describe, with a licence and the origin of their data', () => {
    for (const card of [models.detector, models.ensemble]) {
      expect(card.license).not.toBe('');
      expect(card.trainingData).not.toHaveLength(0);
    }
    expect(JSON.parse(readFileSync(`${modelsDir}/ensemble.json`, 'utf8')).crop.border).toBe('replicate');
  });

  it('the shipped file in integers says of known faces what that of single precision says', async () => {
    // It refuses one that does not. The detector finds fewer faces in integers, and ships in single precision alone.
    const { precisions, tried } = await choosePrecisions(models, 'int8');
    expect(precisions).toEqual({ detector: 'single', ensemble: 'int8' });
    expect(tried.map(({ fault }) => fault)).toEqual([null]);
  });

  it.skipIf(!existsSync(person) || !decodes)(
    'the shipped models read a real face in integers as in single precision',
    async () => {
      const integers = await createVision({ modelsDir, device: 'cpu', workers: 1, precision: 'int8' });
      const [one, other] = [vision.open('single'), integers.open('int8')];
      for (const frame of framesOf(person, 5, 1)) {
        const [expected] = (await one.analyse({ ...frame, pixels: frame.pixels.slice() })).faces;
        const [face, ...more] = (await other.analyse(frame)).faces;
        expect([face!.track, more]).toEqual([expected!.track, []]);
        const far = (of: (face: RawReading) => readonly number[]) =>
          Math.max(...of(face!).map((value, i) => Math.abs(value - of(expected!)[i]!)));
        expect(far(({ probabilities }) => probabilities)).toBeLessThan(0.15);
        expect(far(({ actionUnits }) => actionUnits)).toBeLessThan(0.15);
        expect(far(({ pose }) => [pose.yaw, pose.pitch, pose.roll])).toBeLessThan(5);
        const across = far(({ landmarks }) => landmarks.flatMap(({ x, y }) => [x, y]));
        expect(across / expected!.box.width).toBeLessThan(0.05);
      }
      await integers.close();
    },
  );

  it('the shipped models keep the contract at any batch and picture size', async () => {
    const pair = await openModels(models, 'cpu', 1);
    for (const [n, height, width] of [
      [1, 32, 32],
      [3, 64, 160],
    ] as const) {
      const data = new Uint8Array(n * height * width).map((_, i) => i % 251);
      const seen = await pair.detector.run({ data, dims: [n, 1, height, width] });
      const candidates = seen.scores!.dims[1]!;
      expect(seen.boxes!.dims).toEqual([n, candidates, 4]);
      expect(seen.landmarks!.dims).toEqual([n, candidates, 5, 2]);
    }
    const { size } = models.ensemble.input;
    const crops = new Uint8Array(5 * size * size).map((_, i) => (i * i) % 253);
    const five = await pair.ensemble.run({ data: crops, dims: [5, 1, size, size] });
    const last = await pair.ensemble.run({ data: crops.subarray(4 * size * size), dims: [1, 1, size, size] });
    expect(five.landmarks!.dims).toEqual([5, 68, 2]);
    const members = five.members!.dims[0]!;
    for (let c = 0; c < 8; c++) {
      expect(last.expression!.data[c]).toBeCloseTo(five.expression!.data[32 + c]!, 4);
      let mean = 0;
      for (let m = 0; m < members; m++) mean += five.members!.data[(m * 5 + 4) * 8 + c]! / members;
      expect(mean).toBeCloseTo(last.expression!.data[c]!, 3);
    }
    await pair.detector.close();
    await pair.ensemble.close();
  });

  it.skipIf(!existsSync(person) || !decodes)('the shipped models find and read a real face', async () => {
    const stream = vision.open('person');
    const frames = framesOf(person, 5, 1.6);
    for (const frame of frames) {
      const faces = (await stream.analyse(frame)).faces;
      expect(faces.map(({ track }) => track)).toEqual([1]);
      expectSound(faces[0]!, toldActionUnits(models.ensemble).length);
    }
    expect(frames.length).toBeGreaterThan(5);
    await stream.close();
  });

  it.skipIf(!decodes).each([
    ['a headshot', person, [800, 800], '220:220:183:78', 0.7],
    ['a person right before a camera in portrait format', person, [480, 640], '192:256:197:60', 0.9],
    ['a person right before a camera in landscape format', person, [640, 360], '270:152:162:108', 0.6],
    ['a rendered headshot', demo, [640, 640], '160:160:391:83', 0.7],
  ])('the shipped models find a face that fills the picture: %s', async (_, path, size, part, width) => {
    if (!existsSync(path)) return;
    const stream = vision.open('large');
    for (const frame of framesOf(path, 5, 0.6, size, part)) {
      const faces = (await stream.analyse(frame)).faces;
      expect(faces.map(({ track }) => track)).toEqual([1]);
      expectSound(faces[0]!, toldActionUnits(models.ensemble).length);
      expect(faces[0]!.box.width).toBeGreaterThan(width * 0.8);
    }
    await stream.close();
  });

  it.skipIf(!existsSync(demo) || !decodes)(
    'the shipped models follow the two people of the demo, and see them smile',
    async () => {
      const stream = vision.open('demo');
      const frames = framesOf(demo, 5, 3);
      const readings: RawReading[][] = [];
      for (const frame of frames) readings.push((await stream.analyse(frame)).faces);
      for (const faces of readings) {
        expect(faces.map(({ track }) => track)).toEqual([1, 2]);
        for (const face of faces) expectSound(face, toldActionUnits(models.ensemble).length);
      }
      const happiest = Math.max(...readings.flat().map(({ probabilities }) => probabilities[1]!));
      expect(happiest).toBeGreaterThan(0.5);
      await stream.close();
    },
  );
});
