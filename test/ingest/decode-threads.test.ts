import { expect, test } from 'vitest';
import { decodeThreads } from '../../src/ingest/ffmpeg/decode-threads.ts';

const hd = { live: false, width: 1280, height: 720 };
const larger = { live: false, width: 1920, height: 1080 };
test('the threads that decode a recording leave cores to the models, unless pictures are large', () => {
  expect([1, 2, 4, 64].map((cores) => decodeThreads(hd, false, cores))).toEqual([1, 1, 2, 4]);
  expect([1, 2, 4, 64].map((cores) => decodeThreads(larger, false, cores))).toEqual([1, 2, 4, 4]);
});
test('the threads that decode in real time are as few as keep up', () => {
  expect(decodeThreads(larger, true, 64)).toBe(1);
  expect(decodeThreads({ ...larger, live: true }, false, 64)).toBe(1);
  expect(decodeThreads({ live: true, width: 3840, height: 2160 }, true, 64)).toBe(2);
});
