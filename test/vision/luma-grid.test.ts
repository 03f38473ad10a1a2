import { expect, it } from 'vitest';
import { changeOf, contrastOf, LumaGrid, whiteShareOf } from '../../src/vision/tracking/luma-grid.ts';

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
