import { expect, it } from 'vitest';
import { decodeCandidates } from '../../src/vision/detection/decode-candidates.ts';
import { placeDetection } from '../../src/vision/detection/detected-face.ts';

/** What the model gives for two images, with these scores: the numbers in boxes and landmarks count up. */
function outputs(first: number[], second: number[]) {
  const count = first.length;
  const numbers = (each: number) => Float32Array.from({ length: 2 * count * each }, (_, i) => i);
  return {
    scores: { data: Float32Array.of(...first, ...second), dims: [2, count] },
    boxes: { data: numbers(4), dims: [2, count, 4] },
    landmarks: { data: numbers(10), dims: [2, count, 5, 2] },
  };
}

it('candidates of an image are its own, the best first, those with the same score as they come, none below the least', () => {
  const given = outputs([1, 1, 1, 1], [0.5, 0.75, 0.25, 0.75]);
  const found = decodeCandidates(given, 1, 0.5);
  expect(found.map(({ score, box }) => [score, box.x1])).toEqual([
    [0.75, 20],
    [0.75, 28],
    [0.5, 16],
  ]);
  expect(found[0]!.box).toEqual({ x1: 20, y1: 21, x2: 22, y2: 23 });
  expect([...found[0]!.landmarks5]).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
});

it('of one image 400 candidates are kept, the best', () => {
  const scores = Array.from({ length: 402 }, (_, i) => i / 512);
  const found = decodeCandidates(outputs(scores, scores), 0, 0);
  expect([found.length, found[0]!.score, found.at(-1)!.score]).toEqual([400, 401 / 512, 2 / 512]);
});

it('a detection in a part of a picture that was made smaller is placed in the whole of it', () => {
  const detection = {
    box: { x1: 1, y1: 2, x2: 3, y2: 6 },
    landmarks5: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    score: 0.9,
  };
  expect(placeDetection(detection, 10, 100, 2)).toEqual({
    box: { x1: 22, y1: 204, x2: 26, y2: 212 },
    landmarks5: Float64Array.of(22, 204, 26, 208, 30, 212, 34, 216, 38, 220),
    score: 0.9,
  });
  expect(placeDetection(detection, 0, 0, 1)).toEqual(detection);
  expect(placeDetection(detection, 10, 0, 1).box).toEqual({ x1: 11, y1: 2, x2: 13, y2: 6 });
  expect(placeDetection(detection, 0, 10, 1).box).toEqual({ x1: 1, y1: 12, x2: 3, y2: 16 });
  expect(placeDetection(detection, 0, 0, 2).box).toEqual({ x1: 2, y1: 4, x2: 6, y2: 12 });
});
