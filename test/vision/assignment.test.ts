import { describe, expect, it } from 'vitest';
import { solveAssignment } from '../../src/vision/tracking/assignment.ts';

describe('solveAssignment', () => {
  it('the assignment of no rows is empty', () => {
    expect(solveAssignment([], 3, 1)).toEqual([]);
    expect(solveAssignment([[], []], 0, 1)).toEqual([-1, -1]);
  });
  it('the assignment has the least total cost, rather than the cheapest pair', () => {
    expect(
      solveAssignment(
        [
          [1, 2],
          [2, 9],
        ],
        2,
        100,
      ),
    ).toEqual([1, 0]);
  });
  it('a row stays unassigned where that is cheaper', () => {
    expect(
      solveAssignment(
        [
          [0.4, 5],
          [0.2, 5],
        ],
        2,
        1,
      ),
    ).toEqual([-1, 0]);
    expect(solveAssignment([[3]], 1, 1)).toEqual([-1]);
  });
  it('a forbidden pair is never assigned', () => {
    expect(solveAssignment([[Number.POSITIVE_INFINITY]], 1, 1)).toEqual([-1]);
  });

  it('the assignment costs as little as the best of all that are possible', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let round = 0; round < 300; round++) {
      const columns = Math.floor(random() * 5);
      const cost = Array.from({ length: Math.floor(random() * 5) }, () =>
        Array.from({ length: columns }, () => (random() < 0.1 ? Number.POSITIVE_INFINITY : random() * 2)),
      );
      const total = solveAssignment(cost, columns, 1).reduce(
        (sum, c, r) => sum + (c < 0 ? 1 : cost[r]![c]!),
        0,
      );
      expect(total).toBeCloseTo(least(cost, columns, 0, new Set()), 9);
    }
  });
});

function least(cost: number[][], columns: number, row: number, taken: Set<number>): number {
  if (row === cost.length) return 0;
  let best = 1 + least(cost, columns, row + 1, taken);
  for (let c = 0; c < columns; c++) {
    if (taken.has(c)) continue;
    best = Math.min(best, cost[row]![c]! + least(cost, columns, row + 1, new Set(taken).add(c)));
  }
  return best;
}
