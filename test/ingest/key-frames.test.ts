/** Where the key frames of a recording are expected, by those that were seen. */
import { expect, test } from 'vitest';
import { KeyFrames } from '../../src/ingest/frames/key-frames.ts';

function seen(...places: number[]): KeyFrames {
  const keyFrames = new KeyFrames();
  for (const place of places) keyFrames.seenAt(place);
  return keyFrames;
}

test('while fewer than two were seen, and before the first of them, nothing is expected', () => {
  expect(seen().before(7)).toBe(0);
  expect(seen(0).before(7)).toBe(0);
  expect(seen(20, 30).before(7)).toBe(0);
});

test('they are expected as far apart as the closest that were seen, behind the last one before the place', () => {
  const keyFrames = seen(0, 20, 10);
  expect(keyFrames.before(7)).toBe(7);
  expect(keyFrames.before(13)).toBe(3);
  expect(keyFrames.before(1042)).toBe(2);
});

test('one that is seen in each pass is one, and of many the last are remembered', () => {
  const keyFrames = seen(0, 10);
  for (let pass = 0; pass < 100; pass++) for (const place of [0.04, 10.001]) keyFrames.seenAt(place);
  expect(keyFrames.before(9)).toBe(9);
  for (let i = 2; i < 200; i++) keyFrames.seenAt(10 * i);
  expect(keyFrames.before(9)).toBe(0);
  expect(keyFrames.before(1995)).toBe(5);
});
