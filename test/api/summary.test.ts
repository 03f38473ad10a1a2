import { expect, test } from 'vitest';
import { expressionShares } from '../../src/api/schema/summary.ts';
import type { Aggregate } from '../../src/domain/aggregate.ts';

/** One face that smiles for so many of 600 frames, each of which stands for so many seconds. */
const minute = (smiling: number, duration: number): Aggregate => ({
  ...{
    start: 0,
    startedAt: null,
    endedAt: null,
    end: 60,
    frames: 600,
    dropped: {},
    readings: 600,
    abstained: 600 - smiling,
  },
  ...{ labels: [0, smiling, 0, 0, 0, 0, 0, 0], probabilities: null, valence: null, arousal: null },
  ...{ durations: [0, smiling * duration, 0, 0, 0, 0, 0, 0], covered: 60, elapsed: 60, erased: 0 },
  ...{ quality: null, coverage: 1 },
});
const secondsOf = (aggregate: Aggregate) => expressionShares(aggregate)[1]?.seconds;

test('seconds of an expression are told to the millisecond, without the noise of binary fractions', () => {
  expect(126 * (60 / 600)).toBe(12.600000000000001); // what adding up gives
  expect(secondsOf(minute(126, 0.1))).toBe(12.6);
  expect(secondsOf(minute(1, 1 / 30))).toBe(0.033);
  for (let smiling = 0; smiling <= 600; smiling++) expect(secondsOf(minute(smiling, 0.1))).toBe(smiling / 10);
});
