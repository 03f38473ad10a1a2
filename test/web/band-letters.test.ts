import { expect, test } from 'vitest';
import { letterPlaces } from '../../src/web/chart/band-letters.js';
import { EXPRESSIONS, expressionLetters } from '../../src/web/format.js';

/** Ten samples a second, of one expression each. */
const samples = (from: number, to: number, probabilities: number[]) =>
  Array.from({ length: Math.round((to - from) * 10) }, (_, index) => ({
    ...{ at: from + index / 10, until: from + (index + 1) / 10, probabilities },
    ...{ abstained: 0, valence: 0, arousal: 0 },
  }));
const PLACE = { top: 10, width: 600, height: 100 };
const scale = (start: number) => ({
  x: (at: number) => Math.max(0, Math.min(600, (at - start) * 60)),
  perSecond: 60,
});

test('the strongest band is named by letters, in its middle, that stay at their times while the chart moves', () => {
  const run = samples(0, 20, [0.2, 0.8, 0, 0, 0, 0, 0, 0]);
  const placesAt = (start: number) =>
    letterPlaces(
      run.filter(({ at }) => at >= start && at < start + 10),
      scale(start),
      PLACE,
    ).map(({ x, baseline, index }) => [Math.round(x / 60 + start), Math.round(baseline), index]);
  expect(placesAt(0)).toEqual([1, 3, 5, 7, 9].map((time) => [time, 54, 1]));
  expect(placesAt(2)).toEqual([3, 5, 7, 9, 11].map((time) => [time, 54, 1]));
});

test('a band that is too low, or a run that is too short, has no letters, and none is cut off at the edge', () => {
  expect(letterPlaces(samples(0, 10, Array(8).fill(0.125)), scale(0), { ...PLACE, height: 60 })).toEqual([]);
  expect(letterPlaces(samples(0, 0.2, [1, 0, 0, 0, 0, 0, 0, 0]), scale(0), PLACE)).toEqual([]);
  expect(letterPlaces([], scale(0), PLACE)).toEqual([]);
  for (const { x } of letterPlaces(samples(0, 10, [1, 0, 0, 0, 0, 0, 0, 0]), scale(0.9), PLACE))
    expect(x).toBeGreaterThan(8);
});

test('no two expressions have the same letters', () => {
  expect(new Set(EXPRESSIONS.map(expressionLetters)).size).toBe(EXPRESSIONS.length);
});
