import { expect, test } from 'vitest';
import * as format from '../../src/web/format.js';

test.each([
  [0, '0 %'],
  [0.001, '<1 %'],
  [0.927, '93 %'],
  [0.999, '>99 %'],
  [1, '100 %'],
])('the fraction %f is written %s: 0 % and 100 % only when they are exact', (fraction, text) => {
  expect(format.percent(fraction)).toBe(text);
});

test.each([
  [0.7, '+0.70'],
  [-0.125, '−0.13'],
  [0.004, '0.00'],
  [-0.004, '0.00'],
])('the signed number %f is written %s', (value, text) => {
  expect(format.signed(value)).toBe(text);
});

test.each([
  [0, '0:00'],
  [65.9, '1:05'],
  [7265, '2:01:05'],
  [-1, '0:00'],
])('the media time %f seconds is written %s', (seconds, text) => {
  expect(format.clock(seconds)).toBe(text);
});

test.each([
  [0, '0 s'],
  [3.24, '3.2 s'],
  [48.4, '48 s'],
  [720, '12 min'],
  [12_600, '3.5 h'],
])('the duration %f seconds is written %s', (seconds, text) => {
  expect(format.duration(seconds)).toBe(text);
});

test('a message becomes a sentence with a capital and a full stop, and a sentence stays as it is', () => {
  expect(format.toSentence('the server does not answer')).toBe('The server does not answer.');
  expect(format.toSentence('There is no stream x.')).toBe('There is no stream x.');
  // An address is written as it was typed.
  expect(format.toSentence('http://a.example is away')).toBe('http://a.example is away.');
});

test('a count of things has its noun in the singular or plural', () => {
  expect(format.count(1, 'frame')).toBe('1 frame');
  expect(format.count(1200, 'frame')).toBe('1,200 frames');
});

test('enum values are written as words, also those that the dashboard does not know', () => {
  expect(format.expressionName(null)).toBe('No label');
  expect(format.expressionName('HAPPINESS')).toBe('Happiness');
  expect(format.humanize('MEDIA_ANALYTICS')).toBe('Media analytics');
  expect(format.stateName('RECONNECTING')).toBe('source silent, trying again');
  expect(format.stateName(null)).toBe('never started');
  expect(format.issueName('TURNED')).toBe('turned away');
  expect(format.issueName('MASKED')).toBe('masked');
  expect(format.dropReason('BUSY')).toMatch(/machine was busy/);
});

test.each([
  [20, 300, 1],
  [299, 300, 1],
  [301, 300, 2],
  [3600, 300, 15],
  [10_000_000, 300, 33_334],
])('%f seconds in at most %i buckets are buckets of %i seconds', (seconds, most, bucket) => {
  expect(format.bucketLength(seconds, most)).toBe(bucket);
  expect(seconds / format.bucketLength(seconds, most)).toBeLessThanOrEqual(most);
});

test.each([
  [0, '0:00'],
  [65.4, '1:05.4'],
  [3725.125, '1:02:05.125'],
  [0.9999, '0:01'],
  [59.04, '0:59.04'],
])('%f seconds to the millisecond are %s', (seconds, text) => {
  expect(format.preciseClock(seconds)).toBe(text);
});

test.each([
  [null, 'up to 10 frames a second'],
  [10, 'up to 10 frames a second'],
  [9, 'up to 10 frames a second'],
  [4.2314, 'scores 4.2 of 10 frames a second: this machine is busy, or no more come in time'],
  [0, 'scores 0 of 10 frames a second: this machine is busy, or no more come in time'],
])('a stream that asks for ten frames a second and is scored at %s says: %s', (effectiveFrameRate, text) => {
  expect(format.frameRateText({ frameRate: 10, effectiveFrameRate })).toBe(text);
});

test.each([
  [{ kind: 'FILE', location: 'demo.mp4' }, 'demo.mp4'],
  [{ kind: 'UPLOAD', location: null }, 'an uploaded file'],
  [{ kind: 'PUSH', location: null }, 'sent to mien'],
])('the source %j is called “%s”', (source, words) => {
  expect(format.sourceLabel(source)).toBe(words);
});
