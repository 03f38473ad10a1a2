import { expect, test } from 'vitest';
import { createThrottle } from '../../src/access/throttle.ts';

const LIMITS = { burst: 3, eachMs: 1_000, remembered: 100 };

test('some wrong ones may come at once, then as many as the rate allows, and others do not wait for them', () => {
  let now = 0;
  const { failed } = createThrottle(LIMITS, () => now);
  expect([1, 2, 3].map(() => failed('a', null))).toEqual([0, 0, 0]);
  expect(failed('a', null)).toBe(1_000);
  expect(failed('b', null)).toBe(0);
  now = 400;
  expect(failed('a', null)).toBe(600);
  now = 1_000;
  expect(failed('a', null)).toBe(0);
  expect(failed('a', null)).toBe(1_000);
});

test('who goes on trying waits no longer than who stops', () => {
  let now = 0;
  const { failed } = createThrottle(LIMITS, () => now);
  for (let count = 0; count < 1_000; count++) failed('a', null);
  now = 1_000;
  expect(failed('a', null)).toBe(0);
});

test('guesses at one token from many addresses are slowed together', () => {
  const { failed } = createThrottle(LIMITS, () => 0);
  expect([1, 2, 3].map((client) => failed(`client ${client}`, 'mien_12345678'))).toEqual([0, 0, 0]);
  expect(failed('client 4', 'mien_12345678')).toBe(1_000);
  expect(failed('client 5', 'mien_87654321')).toBe(0);
});

test('a hundred thousand addresses and tokens take no more memory than is given to them, and those under way stay slowed', () => {
  const { failed } = createThrottle(LIMITS, () => 0);
  for (let count = 0; count < 100_000; count++) {
    failed(`client ${count}`, `token ${count}`);
    if (count % 50 === 0) failed('steady', null);
  }
  expect(failed('steady', null)).toBeGreaterThan(0);
});
