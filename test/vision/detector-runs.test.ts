/** What the detector's model is given, run by run, and which pictures are searched twice: with a model that sees what it is told to. */
import { expect, it } from 'vitest';
import { Detector } from '../../src/vision/detection/detector.ts';
import type { DetectorCard } from '../../src/vision/models/model-manifest.ts';

const CARD = {
  input: { longerSide: 640, multipleOf: 32, pixelFormat: 'gray8' },
  thresholds: { score: 0.75, nms: 0.5, minFace: 18 },
} as DetectorCard;

type Seen = readonly [score: number, x1: number, y1: number, x2: number, y2: number];
const SURE: Seen = [0.75, 4, 4, 44, 44];

interface Run {
  dims: readonly number[];
  data: Uint8Array;
}

/** A detector, and the runs of its model, which sees the same in every image of a run. */
function open(see: (run: Run) => readonly Seen[] = () => [SURE], card = CARD) {
  const runs: Run[] = [];
  const run = async (given: Run) => {
    runs.push({ ...given, data: given.data.slice() });
    const seen = see(given);
    const count = given.dims[0]!;
    const all = Array.from({ length: count }, () => seen).flat();
    const dims = [count, seen.length];
    return {
      boxes: { data: Float32Array.from(all.flatMap(([, ...box]) => box)), dims: [...dims, 4] },
      scores: { data: Float32Array.from(all.map(([score]) => score)), dims },
      landmarks: { data: new Float32Array(all.length * 10), dims: [...dims, 5, 2] },
    };
  };
  const detector = new Detector({ run }, card, 0.5);
  const shapes = () => runs.map(({ dims }) => dims.join('x'));
  return { detector, runs, shapes };
}

const gray = (width: number, height: number, luma = 0) => ({
  pixels: new Uint8Array(width * height).fill(luma),
  width,
  height,
});

it('pictures share runs of eight', async () => {
  const { detector, shapes } = open();
  const found = await detector.detect(Array.from({ length: 9 }, () => gray(80, 32)));
  expect(shapes()).toEqual(['8x1x64x160', '1x1x64x160']);
  expect(found.map((faces) => faces.length)).toEqual(new Array(9).fill(1));
  // Upscaled to twice their size, as what was found in them was not.
  expect(found[8]).toMatchObject([{ score: 0.75, box: { x1: 2, y1: 2, x2: 22, y2: 22 } }]);
});

it('larger pictures share runs of as many pixels as eight of the standard size have, the largest none', async () => {
  const { detector, shapes } = open();
  await detector.detect([...Array.from({ length: 3 }, () => gray(1280, 1280)), gray(2112, 1600)]);
  expect(shapes().slice(0, 2)).toEqual(['2x1x1280x1280', '1x1x1280x1280']);
  expect(shapes()).toContain('3x1x640x640');
  expect(shapes()).toContain('1x1x1600x2112');
});

it('each picture of a run lies behind the one before, padded to a multiple, in as many channels as the model has', async () => {
  const input = { ...CARD.input, pixelFormat: 'rgb8', multipleOf: 4 } as const;
  const { detector, runs } = open(() => [[0.75, 2, 2, 21, 11]], {
    ...{ input, thresholds: { ...CARD.thresholds, minFace: 4 } },
  } as DetectorCard);
  await detector.detect([gray(11, 6, 10), gray(11, 6, 20)]);
  expect(runs).toHaveLength(1);
  expect(runs[0]!.dims).toEqual([2, 3, 12, 24]);
  const luma = (at: number) => runs[0]!.data[at];
  const picture = 3 * 12 * 24;
  expect(runs[0]!.data).toHaveLength(2 * picture);
  expect([luma(0), luma(picture - 1), luma(picture), luma(2 * picture - 1)]).toEqual([10, 10, 20, 20]);
});

it('the memory of a run is used again, also behind one that failed', async () => {
  const buffers: ArrayBufferLike[] = [];
  const { detector } = open(({ data }) => {
    buffers.push(data.buffer);
    if (buffers.length === 1) throw new Error('the model is gone');
    return [SURE];
  });
  await expect(detector.detect([gray(64, 64)])).rejects.toThrow('the model is gone');
  await detector.detect([gray(64, 64)]);
  expect(buffers).toHaveLength(2);
  expect(buffers[1]).toBe(buffers[0]);
});

it.each<[string, number, number, Seen[], number]>([
  ['none', 640, 480, [], 1],
  ['one that is just not sure', 640, 480, [[0.7421875, 4, 4, 44, 44]], 1],
  ['one that is just sure', 640, 480, [SURE], 0],
  ['one that is as large as a face may be', 640, 480, [[0.75, 100, 100, 292, 292]], 0],
  ['one that is larger', 640, 480, [[0.75, 100, 100, 292, 293]], 1],
  ['a small one, and an unsure one that is larger', 640, 480, [SURE, [0.5, 100, 100, 292, 293]], 1],
  ['a larger one, where there is no room for it', 640, 320, [[0.75, 100, 100, 292, 293]], 0],
  // By pixels of the model's input: in the picture it has 120 a side.
  ['one that is as large as a face may be, upscaled', 320, 240, [[0.75, 100, 100, 292, 292]], 0],
  ['one that is larger, upscaled', 320, 240, [[0.75, 100, 100, 292, 293]], 1],
  ['none, and was searched at all sizes', 642, 322, [], 0],
  ['none, and has one size alone, though it is larger than the standard', 641, 320, [], 0],
])('a picture that shows %s is searched once more or not: %i x %i', async (_, width, height, seen, again) => {
  const { detector } = open(() => seen);
  await detector.detect([gray(width, height), gray(width, height)]);
  expect(detector.halfSizeDetections).toBe(2 * again);
  await detector.detect([gray(width, height)]);
  expect(detector.halfSizeDetections).toBe(3 * again);
});

it('a picture in which nothing is sure is searched once more with a border, one with a sure face without', async () => {
  const unsure = open(() => [[0.5, 100, 100, 300, 300]]);
  await unsure.detector.detect([gray(640, 480)]);
  expect(unsure.shapes()).toEqual(['1x1x480x640', '1x1x352x416']);
  const sure = open(() => [
    [0.75, 100, 100, 300, 300],
    [0.5, 4, 4, 44, 44],
  ]);
  await sure.detector.detect([gray(640, 480)]);
  expect(sure.shapes()).toEqual(['1x1x480x640', '1x1x256x320']);
});

it('of what overlaps more than the card allows the better one is kept, in one run and from one size to the other', async () => {
  const { detector } = open(({ dims: [, , , width] }) =>
    width === 640
      ? [
          [0.75, 100, 100, 300, 300],
          [0.875, 100, 100, 300, 290],
          [0.75, 400, 100, 440, 140],
        ]
      : [
          [0.9375, 50, 50, 150, 148],
          [0.5, 200, 50, 300, 150],
        ],
  );
  const [found] = await detector.detect([gray(640, 480)]);
  expect(found!.map(({ score, box: { x1, x2 } }) => [score, x1, x2])).toEqual([
    [0.9375, 100, 300],
    [0.75, 400, 440],
    [0.5, 400, 600],
  ]);
});
