import { expect, test } from 'vitest';
import { timeOf, withTime } from '../../src/web/recorded/time-link.js';

test.each([
  ['#/stream/a/session/b?t=12.4', 12.4],
  ['#/stream/a/session/b?t=0', 0],
  ['#/stream/a/session/b?x=1&t=3', 3],
  ['#/stream/a/session/b', null],
  ['#/stream/a/session/b?t=', null],
  ['#/stream/a/session/b?t=-1', null],
  ['#/stream/a/session/b?t=soon', null],
  ['', null],
])('%s names the time %s', (hash, time) => {
  expect(timeOf(hash)).toBe(time);
});

test('a link to a time names its session, also where the address named the stream alone', () => {
  expect(withTime('#/stream/a', 's', 12.40001)).toBe('#/stream/a/session/s?t=12.4');
  expect(withTime('#/stream/a/session/s?t=1', 's', 2)).toBe('#/stream/a/session/s?t=2');
});
