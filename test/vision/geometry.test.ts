import { describe, expect, it } from 'vitest';
import {
  area,
  compose,
  equivalentSide,
  fitSimilarity,
  invert,
  iou,
  mapPoints,
  mapRect,
  meanDistance,
  nms,
  rotationOf,
  scaleOf,
  stretch,
  translate,
} from '../../src/vision/image/geometry.ts';

const box = (x1: number, y1: number, x2: number, y2: number) => ({ x1, y1, x2, y2 });
const unit = box(0, 0, 10, 10);

describe('intersection over union', () => {
  it.each([
    ['equal', unit, unit, 1],
    ['touching at an edge', unit, box(10, 0, 20, 10), 0],
    ['touching at a corner', unit, box(10, 10, 20, 20), 0],
    ['apart', unit, box(50, 50, 60, 60), 0],
    ['half shifted', unit, box(5, 0, 15, 10), 1 / 3],
    ['contained', unit, box(2, 2, 7, 7), 0.25],
    ['empty', unit, box(5, 5, 5, 9), 0],
    ['both empty', box(1, 1, 1, 1), box(1, 1, 1, 1), 0],
    ['inverted', unit, box(9, 9, 1, 1), 0],
  ])('intersection over union of %s boxes', (_, p, q, expected) => {
    expect(iou(p, q)).toBeCloseTo(expected, 12);
    expect(iou(q, p)).toBeCloseTo(expected, 12);
  });

  it('an inverted box has no area', () => expect(area(box(9, 9, 1, 1))).toBe(0));
});

it('a box is moved, and stretched with its picture; a square of its area has the geometric mean of its sides', () => {
  const some = box(1, 2, 5, 18);
  expect(translate(some, 3, -1)).toEqual(box(4, 1, 8, 17));
  expect(stretch(some, 2, 0.5)).toEqual(box(2, 1, 10, 9));
  expect([equivalentSide(some), equivalentSide(box(5, 5, 5, 9))]).toEqual([8, 0]);
});

it('the mean distance of points is that of pairs', () => {
  expect(meanDistance([1, 2, 3, 4], [4, 6, 3, 3])).toBe(3);
});

describe('non-maximum suppression', () => {
  it('non-maximum suppression of no boxes keeps none', () => expect(nms([], [], 0.5)).toEqual([]));
  it('non-maximum suppression keeps the best of overlapping boxes, best first', () => {
    const boxes = [unit, box(1, 0, 11, 10), box(40, 0, 50, 10)];
    expect(nms(boxes, [0.6, 0.9, 0.7], 0.5)).toEqual([1, 2]);
  });
  it('non-maximum suppression keeps touching boxes, even at a threshold of zero', () => {
    expect(nms([unit, box(10, 0, 20, 10)], [0.9, 0.8], 0)).toEqual([0, 1]);
  });
  it('non-maximum suppression keeps a small box within a large one', () => {
    expect(nms([unit, box(2, 2, 7, 7)], [0.9, 0.8], 0.4)).toEqual([0, 1]);
  });
  it('non-maximum suppression drops one of two equal boxes, and empty ones', () => {
    expect(nms([unit, unit, box(3, 3, 3, 3)], [0.5, 0.5, 1], 0.4)).toEqual([0]);
  });
});

describe('similarity', () => {
  const points = [1, 2, 8, 1, 5, 7];
  const known = { a: 1.2, b: -0.7, tx: 4, ty: -9 };

  it('a similarity is found from points that it maps exactly', () => {
    const found = fitSimilarity(points, mapPoints(known, points))!;
    for (const key of ['a', 'b', 'tx', 'ty'] as const) expect(found[key]).toBeCloseTo(known[key], 10);
  });
  it('a similarity is undone by its inverse', () => {
    const there = mapPoints(known, points);
    mapPoints(invert(known), there).forEach((v, i) => {
      expect(v).toBeCloseTo(points[i]!, 10);
    });
  });
  it('a composed similarity does two in turn', () => {
    const then = { a: 0.4, b: 0.9, tx: -3, ty: 2 };
    const both = mapPoints(compose(known, then), points);
    mapPoints(then, mapPoints(known, points)).forEach((v, i) => {
      expect(both[i]).toBeCloseTo(v, 10);
    });
  });
  it('there is no similarity between points that coincide', () => {
    expect(fitSimilarity([3, 3, 3, 3], [0, 0, 1, 1])).toBeNull();
    expect(fitSimilarity([0, 0, 1, 1], [3, 3, 3, 3])).toBeNull();
    expect(fitSimilarity([0, 0, 1, 0], [0, 0, 0, 2])).toEqual({ a: 0, b: 2, tx: 0, ty: 0 });
  });
  it('a similarity tells its scale, and its turn clockwise', () => {
    const turn = { a: 0, b: 2, tx: 0, ty: 0 };
    expect(scaleOf(turn)).toBe(2);
    expect(rotationOf(turn)).toBe(90);
    expect([...mapPoints(turn, [1, 0])]).toEqual([0, 2]);
    expect([...mapPoints({ ...turn, tx: 1 }, [1, 2], 4)]).toEqual([-15, 8]);
  });
  it('a mapped rectangle stays upright', () => {
    const half = { a: 0.5, b: 0, tx: 1, ty: 2 };
    expect(mapRect(half, unit)).toEqual(box(1, 2, 6, 7));
    expect(mapRect(half, box(2, 4, 6, 14))).toEqual(box(2, 4, 4, 9));
    const turned = mapRect({ a: 0, b: 1, tx: 0, ty: 0 }, unit);
    expect([turned.x1, turned.y1, turned.x2, turned.y2]).toEqual([-10, 0, 0, 10]);
  });
});
