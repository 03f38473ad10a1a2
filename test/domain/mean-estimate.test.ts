import { describe, expect, it } from 'vitest';
import { createEstimateOf, studentQuantile } from '../../src/domain/mean-estimate.ts';

describe('estimates', () => {
  // As printed tables of the two-sided 5 % have them.
  it.each([
    [1, 12.7062],
    [2, 4.3027],
    [3, 3.1824],
    [4, 2.7764],
    [5, 2.5706],
    [9, 2.2622],
    [10, 2.2281],
    [29, 2.0452],
    [30, 2.0423],
    [99, 1.9842],
    [120, 1.9799],
    [1000, 1.9623],
    [9999, 1.9602],
  ])('Student’s t of %i degrees of freedom is %d', (freedom, t) => {
    expect(studentQuantile(freedom)).toBeCloseTo(t, 4);
  });

  it('the mean of several values has a standard deviation and an interval', () => {
    // Of 2, 4, 4, 4, 5, 5, 7 and 9: squares of the distances to 5 add up to 32.
    const { interval, ...estimate } = createEstimateOf()([2, 4, 4, 4, 5, 5, 7, 9]);
    const deviation = Math.sqrt(32 / 7);
    expect(estimate).toEqual({ n: 8, mean: 5, standardDeviation: deviation });
    const margin = (2.364624 * deviation) / Math.sqrt(8);
    expect(interval).toEqual({ low: expect.closeTo(5 - margin, 5), high: expect.closeTo(5 + margin, 5) });
  });

  it('one value has neither, and none has no mean', () => {
    const estimate = createEstimateOf();
    expect(estimate([0.25])).toEqual({ n: 1, mean: 0.25, standardDeviation: null, interval: null });
    expect(estimate([])).toEqual({ n: 0, mean: null, standardDeviation: null, interval: null });
    expect(estimate([1, 1, 1])).toMatchObject({ standardDeviation: 0, interval: { low: 1, high: 1 } });
  });
});
