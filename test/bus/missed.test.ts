import { expect, it } from 'vitest';
import { Missed } from '../../src/bus/missed.ts';

it('what was missed is read from when on it may have gone unnoticed, until a reading succeeds', async () => {
  let now = 100_000;
  const missed = new Missed(() => now);
  const sinces: number[] = [];
  const read = (work = async () => {}) =>
    missed.read((since) => {
      sinces.push(since);
      return work();
    });
  for (now of [110_000, 120_000]) missed.look();
  missed.note();
  // Whatever is missed, looking says no more that all was heard.
  for (now of [130_000, 140_000]) missed.look();
  await expect(read(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(missed.isAny).toBe(true);
  await read();
  expect(missed.isAny).toBe(false);
  now = 150_000;
  await read(async () => missed.note());
  expect(missed.isAny).toBe(true);
  // Five seconds before the last look but one.
  expect(sinces).toEqual([105_000, 105_000, 140_000]);
});
