import { expect, test } from 'vitest';
import { expressionShares } from '../../src/api/schema/summary.ts';
import type { Aggregate } from '../../src/domain/aggregate.ts';

const minute = (smiling: number): Aggregate => ({
  ...{ start: 0, end: 60, frames: 600, dropped: {}, readings: 600, abstained: 600 - smiling },
  ...{ labels: [0, smiling, 0, 0, 0, 0, 0, 0], probabilities: null, valence: null, arousal: null },
  ...{ quality: null, coverage: 1 },
});
const secondsOf = (aggregate: Aggregate) => expressionShares(aggregate)[1]?.seconds;

test('seconds of an expression are told to the millisecond, without the noise of binary fractions', () => {
  expect(126 * (60 / 600)).toBe(12.600000000000001); // what adding up gives
  expect(secondsOf(minute(126))).toBe(12.6);
  expect(secondsOf({ ...minute(1), frames: 1800 })).toBe(0.033);
  for (let smiling = 0; smiling <= 600; smiling++) expect(secondsOf(minute(smiling))).toBe(smiling / 10);
});
