import { describe, expect, it } from 'vitest';
import {
  bestShift,
  changeOf,
  contrastOf,
  LumaGrid,
  otherThanLight,
  whiteShareOf,
} from '../../src/vision/tracking/luma-grid.ts';

/** 64 x 36 pixels: each cell of the grid is sampled at its four pixels. */
function gridOf(luma: (x: number, y: number) => number) {
  const pixels = Uint8Array.from({ length: 64 * 36 }, (_, at) => luma(at % 64, Math.floor(at / 64)));
  return new LumaGrid().of({ pixels, width: 64, height: 36 });
}

it('a cell is the mean of its four samples', () => {
  const grid = gridOf((x, y) => (x % 2) * 10 + (y % 2) * 100 + (x >= 62 && y >= 34 ? 40 : 0));
  expect(grid).toHaveLength(32 * 18);
  expect([grid[0], grid[575]]).toEqual([55, 95]);
});

it('contrast is the standard deviation, and white cells are counted', () => {
  // Half of the cells at 100, half at 200.
  const halves = gridOf((x) => (x < 32 ? 100 : 200));
  expect(contrastOf(halves)).toBeCloseTo(50, 3);
  expect(contrastOf(gridOf(() => 77))).toBe(0);
  expect(whiteShareOf(gridOf((x) => (x < 16 ? 250 : 249)))).toBe(0.25);
  expect(whiteShareOf(halves)).toBe(0);
});

it('a picture in other light is shifted, and changed nowhere else', () => {
  const from = gridOf((x, y) => 2 * x + y);
  expect(
    changeOf(
      from,
      gridOf((x, y) => 2 * x + y + 30),
    ),
  ).toEqual({
    mean: expect.closeTo(0, 4),
    shift: expect.closeTo(30, 4),
    correlation: expect.closeTo(1, 4),
    ...{ share: 0, unchanged: 0 },
  });
  // Within half the change that counts, a cell stayed as it was.
  expect(
    changeOf(
      from,
      gridOf((x, y) => 2 * x + y + 3),
    ).unchanged,
  ).toBe(1);
  expect(
    changeOf(
      from,
      gridOf((x, y) => 2 * x + y + 4),
    ).unchanged,
  ).toBe(0);
});

it('a picture that is its own negative correlates with -1; one without contrast not at all', () => {
  const from = gridOf((x) => 3 * x);
  expect(
    changeOf(
      from,
      gridOf((x) => 200 - 3 * x),
    ).correlation,
  ).toBeCloseTo(-1, 4);
  expect(
    changeOf(
      gridOf(() => 90),
      gridOf(() => 90),
    ).correlation,
  ).toBe(0);
});

it('a cell is sampled in the middle of its quarters, whatever the size of the picture, also when that changes', () => {
  const grids = new LumaGrid();
  const picture = (width: number, height: number) => ({
    pixels: Uint8Array.from({ length: width * height }, (_, at) => (at % width) + 2 * Math.floor(at / width)),
    width,
    height,
  });
  // Of 4 x 4 pixels each: those at 1 and 3.
  const four = grids.of(picture(128, 72));
  expect([four[0], four[1], four[32], four[33]]).toEqual([6, 10, 14, 18]);
  // Of 2 x 4.
  const two = grids.of(picture(64, 72));
  expect([two[0], two[1], two[32], two[33]]).toEqual([0.5 + 4, 2.5 + 4, 0.5 + 12, 2.5 + 12]);
});

/** A grid, by the luma at each row and column. */
const cells = (luma: (row: number, column: number) => number) =>
  Float32Array.from({ length: 32 * 18 }, (_, at) => luma(Math.floor(at / 32), at % 32));

describe('what does not follow from the luma before', () => {
  const halves = (left: number, right: number) => cells((_, column) => (column < 16 ? left : right));

  it('is nothing where all that were alike are alike, brighter or darker or turned around', () => {
    for (const to of [halves(120, 250), halves(20, 30), halves(200, 100), halves(80, 80), halves(0, 0)])
      expect(otherThanLight(halves(100, 200), to)).toBe(0);
  });

  it('is all where they were alike everywhere, and a part where they were in a part', () => {
    expect(otherThanLight(halves(100, 100), halves(50, 150))).toBeCloseTo(1, 6);
    // Those at 100 become 0 or 100, the others 200: their mean is 125, from which they differ by 75, within the tones by 25.
    const to = cells((row, column) => (column >= 16 ? 200 : row < 9 ? 0 : 100));
    expect(otherThanLight(halves(100, 200), to)).toBeCloseTo(1 / 3, 6);
  });

  it('is told by tones of 16 lumas', () => {
    expect(otherThanLight(halves(96, 111), halves(50, 150))).toBeCloseTo(1, 6);
    expect(otherThanLight(halves(111, 112), halves(50, 150))).toBe(0);
    expect(otherThanLight(halves(0, 255), halves(50, 150))).toBe(0);
  });
});

describe('a picture laid over one that was moved', () => {
  /** Lumas without order, of a plane that goes on beyond the picture. */
  const plane = (row: number, column: number) => {
    const mixed = Math.imul((row + 50) * 641 + column + 50, 2_654_435_761);
    return Math.imul(mixed ^ (mixed >>> 15), 2_246_822_519) >>> 24;
  };
  const movedBy = (down: number, right: number) => cells((row, column) => plane(row + down, column + right));

  it.each([
    [-3, 5],
    // As far as half of it is still there.
    [9, 0],
    [-9, 0],
    [0, 16],
    [0, -16],
    [6, -8],
  ])('fits where it was moved by %i rows and %i columns', (down, right) => {
    const { mean, correlation, share, unchanged } = bestShift(movedBy(0, 0), movedBy(down, right));
    expect([mean, share, unchanged]).toEqual([0, 0, 1]);
    expect(correlation).toBeCloseTo(1, 6);
  });

  it.each([
    [7, 8],
    [-8, -7],
  ])('does not where less than half of it is left: %i rows and %i columns', (down, right) => {
    expect(bestShift(movedBy(0, 0), movedBy(down, right)).mean).toBeGreaterThan(20);
  });

  it('is compared in what both show alone', () => {
    // All but the two columns that left the picture and the two that came, which are white.
    const from = cells((row, column) => (column < 2 ? 255 : plane(row, column) / 2));
    const to = cells((row, column) => (column >= 30 ? 255 : plane(row, column + 2) / 2));
    expect(bestShift(from, to)).toEqual({
      ...{ mean: 0, shift: 0, share: 0, unchanged: 1 },
      correlation: expect.closeTo(1, 6),
    });
  });
});

it('how much changed, and how many cells, is told once the general change of light is taken out', () => {
  const from = cells(() => 100);
  // An eighth by 32, so that all became brighter by 4 in the mean.
  const change = changeOf(
    from,
    cells((_, column) => (column < 4 ? 132 : 100)),
  );
  expect(change).toMatchObject({ shift: 4, mean: 28 / 8 + (4 * 7) / 8, share: 1 / 8, unchanged: 7 / 8 });
  // By 8 from what light does is no change yet: half of the cells each way.
  const at = (difference: number) =>
    changeOf(
      from,
      cells((_, column) => 100 + (column < 16 ? difference : -difference)),
    );
  expect([at(8).share, at(8.5).share]).toEqual([0, 1]);
  expect([at(3.5).unchanged, at(4).unchanged]).toEqual([1, 0]);
});
