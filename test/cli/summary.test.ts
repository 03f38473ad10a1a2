import { expect, it } from 'vitest';
import { createSummary } from '../../src/cli/analyze/summary.ts';
import type { Expression, FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';

/** As much of a moment as is counted. */
const moment = (labels: (Expression | null)[]) =>
  ({ faces: labels.map((expression) => ({ expression }) as FaceReading), dropped: {} }) as Moment;

it('the summary gives what was seen its share, and never calls a little nothing', () => {
  const summary = createSummary();
  const totals = summary.begin('clip.mp4');
  for (let i = 0; i < 99; i++)
    totals.add(moment(['NEUTRAL', 'HAPPINESS', 'NEUTRAL']), { smallestFace: 54.4, reduced: true });
  totals.add(moment([null, 'HAPPINESS', 'NEUTRAL']), { smallestFace: 27, reduced: false });
  totals.end(10, { worker: 1 });
  expect(summary.text()).toBe(
    'clip.mp4: 100 frames in 10.0 s (10.0 frames per second), 1 frame not scored; ' +
      'a face in 100% of them, 300 faces in all; NEUTRAL 66%, HAPPINESS 33%, abstained <1%; faces under 54 px could not be found (--detect-size)\n',
  );
});

it('the summary says nothing of an input of which nothing was seen', () => {
  const summary = createSummary();
  summary.begin('broken.mp4');
  expect(summary.text()).toBe('');
});

it.each([
  [0, 1, 'no face in it'],
  [1, 1, '1 face; NEUTRAL 100%'],
  [0, 4, 'no face in any of them'],
  [3, 4, 'a face in 75% of them, 3 faces in all; NEUTRAL 100%'],
  [1, 400, 'a face in <1% of them, 1 face in all; NEUTRAL 100%'],
  [399, 400, 'a face in >99% of them, 399 faces in all; NEUTRAL 100%'],
  [4, 4, 'a face in 100% of them, 4 faces in all; NEUTRAL 100%'],
])('the summary tells in which share of the frames there was a face: %i of %i', (occupied, frames, words) => {
  const summary = createSummary();
  const totals = summary.begin('clip.mp4');
  for (let i = 0; i < frames; i++)
    totals.add(moment(i < occupied ? ['NEUTRAL'] : []), { smallestFace: 18, reduced: false });
  totals.end(1, {});
  expect(summary.text()).toMatch(/^clip.mp4: .*\n$/);
  expect(summary.text().trimEnd().split('; ').slice(1).join('; ')).toBe(
    `${words}; faces under 18 px could not be found`,
  );
});

it('the summary of an input of which no frame was scored says nothing of faces', () => {
  const summary = createSummary();
  summary.begin('lost.mp4').end(1, { worker: 2 });
  expect(summary.text()).toBe('lost.mp4: 0 frames in 1.0 s, 2 frames not scored\n');
});

it('the summary says loudly how little of the time is covered, where that is little', () => {
  const summary = createSummary();
  const totals = summary.begin('clip.mp4');
  for (const [mediaTime, previousDuration] of [
    [0, 0.1],
    [0.1, 0.1],
    [9.9, 0.15],
  ] as const)
    totals.add({ ...moment(['NEUTRAL']), mediaTime, previousDuration }, { smallestFace: 18, reduced: false });
  totals.end(1, {});
  expect(summary.text()).toContain('; ONLY 4% of its 10.1 s of media time are covered by frames');
});

it('the summary counts the time of frames that were not scored before the first one that was', () => {
  const summary = createSummary();
  const totals = summary.begin('clip.mp4');
  const first = { ...moment(['NEUTRAL']), seq: 0, mediaTime: 0.9, previousDuration: 0.1 };
  totals.add({ ...first, dropped: { worker: 9 } }, { smallestFace: 18, reduced: false });
  totals.end(1, {});
  expect(summary.text()).toContain('; ONLY 10% of its 1.0 s of media time are covered by frames');
});
