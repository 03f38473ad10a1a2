import { expect, it } from 'vitest';
import type { DetectorCard } from '../../src/vision/card.ts';
import { Detector } from '../../src/vision/detect.ts';

const card = {
  input: { longerSide: 640, multipleOf: 32, pixelFormat: 'gray8' },
  thresholds: { score: 0.7, nms: 0.4, minFace: 18 },
} as DetectorCard;

/** Height and width of what the model is given for a picture of this size. */
async function given(width: number, height: number): Promise<number[]> {
  const seen: number[][] = [];
  const nothing = { data: new Float32Array(0), dims: [1, 0] };
  const run = async ({ dims }: { dims: readonly number[] }) => {
    seen.push([...dims]);
    return { boxes: nothing, scores: nothing, landmarks: nothing };
  };
  const detector = new Detector({ run }, card, 0.5);
  await detector.detect([{ pixels: new Uint8Array(width * height), width, height }]);
  return seen[0]!.slice(2);
}

it.each([
  [320, 180, 192, 320],
  [640, 360, 384, 640],
  // Halved, 480p would hide the faces that it still shows.
  [854, 480, 480, 864],
  [1280, 720, 384, 640],
  [1920, 1080, 384, 640],
])(
  'a picture of %i × %i is searched at the whole fraction nearest to what the card asks',
  async (w, h, height, width) => {
    expect(await given(w, h)).toEqual([height, width]);
  },
);
