/** What of the time of a source its moments cover, by itself. */
import { expect, it } from 'vitest';
import { beganAt, coverageOf, newestDuration, newestEnd } from '../../src/domain/coverage.ts';
import { moment } from '../helpers/memory-store.ts';

it('a source began with the frames that were dropped before its first moment, and no sooner than at 0', () => {
  const first = { mediaTime: 1, previousDuration: 0.1 };
  expect(beganAt(moment('s', 0, first))).toBe(1);
  expect(beganAt(moment('s', 0, { ...first, dropped: { busy: 2, worker: 1 } }))).toBe(0.7);
  expect(beganAt(moment('s', 0, { ...first, dropped: { store: 20 } }))).toBe(0);
  expect(beganAt(moment('s', 1, { ...first, dropped: { busy: 2 } }))).toBe(1);
});

it('the newest moment stands as long as the one before it, or to the end of its recording', () => {
  expect(newestDuration(moment('s', 3))).toBe(0.1);
  expect(newestEnd(moment('s', 3))).toBe(0.4);
  expect([0.04, 0.2].map((untilEnd) => newestDuration(moment('s', 3, { untilEnd })))).toEqual([0.04, 0.1]);
  expect(newestEnd(moment('s', 3, { untilEnd: 0.04 }))).toBe(0.34);
});

it('coverage is a share of the time that passed, at most all of it, and none of no time', () => {
  expect([coverageOf(1, 4), coverageOf(4.1, 4), coverageOf(0, 0)]).toEqual([0.25, 1, 0]);
});
