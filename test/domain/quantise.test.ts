import { expect, it } from 'vitest';
import { angleOfReal, FRACTION, fractionOfReal } from '../../src/domain/quantise.ts';

const ANGLE = 100;

it('each fraction and each angle that quantise leaves is read from a `real` digit for digit', () => {
  const lost: number[] = [];
  for (let parts = -999_999; parts <= 999_999; parts++) {
    if (fractionOfReal(Math.fround(parts / FRACTION)) !== parts / FRACTION) lost.push(parts / FRACTION);
    if (angleOfReal(Math.fround(parts / ANGLE)) !== parts / ANGLE) lost.push(parts / ANGLE);
  }
  expect(lost).toEqual([]);
});
