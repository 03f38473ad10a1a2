import { expect, it } from 'vitest';
import type { DetectorCard } from '../../src/vision/card.ts';
import { Detector } from '../../src/vision/detect.ts';

const card = {
  input: { longerSide: 640, multipleOf: 32, pixelFormat: 'gray8' },
  thresholds: { score: 0.7, nms: 0.4, minFace: 18 },
} as DetectorCard;

const no = { data: new Float32Array(0), dims: [1, 0] };

/** Height and width of what the model is given for a picture of this size. */
async function given(width: number, height: number): Promise<number[]> {
  const seen: number[][] = [];
  const run = async ({ dims }: { dims: readonly number[] }) => {
    seen.push([...dims]);
    return { boxes: no, scores: no, landmarks: no };
  };
  const detector = new Detector({ run }, card, 0.5);
  await detector.detect([{ pixels: new Uint8Array(width * height), width, height }]);
  return seen[0]!.slice(2);
}

it.each([
  // Enlarged to what the card asks, twice at most, …
  [480, 270, 384, 640],
  [320, 180, 384, 640],
  [160, 90, 192, 320],
  [48, 48, 96, 96],
  [1, 1, 32, 32],
  // … and not so far that a face which fills the picture would be too large to be found.
  [320, 240, 384, 512],
  [480, 480, 480, 480],
  [640, 360, 384, 640],
  // Halved, 480p would hide the faces that it still shows.
  [854, 480, 480, 864],
  [1280, 720, 384, 640],
  [1920, 1080, 384, 640],
])('a picture of %i × %i is searched at %i × %i (height, width)', async (w, h, height, width) => {
  expect(await given(w, h)).toEqual([height, width]);
});

it('tells where a face is in pixels of the picture that it was given, enlarged or not', async () => {
  const run = async () => ({
    boxes: { data: Float32Array.of(64, 32, 96, 80), dims: [1, 1, 4] },
    scores: { data: Float32Array.of(0.9), dims: [1, 1] },
    landmarks: { data: new Float32Array(10).fill(72), dims: [1, 1, 5, 2] },
  });
  const detector = new Detector({ run }, card, 0.5);
  const found = async (width: number, height: number) =>
    (await detector.detect([{ pixels: new Uint8Array(width * height), width, height }]))[0]![0]!;
  const small = await found(480, 270);
  expect(small.box).toEqual({ x1: 48, y1: 24, x2: 72, y2: 60 });
  expect([...small.five]).toEqual(new Array(10).fill(54));
  expect((await found(640, 360)).box).toEqual({ x1: 64, y1: 32, x2: 96, y2: 80 });
  expect((await found(1280, 720)).box).toEqual({ x1: 128, y1: 64, x2: 192, y2: 160 });
});
