import { expect, it } from 'vitest';
import { createSummary } from '../../src/cli/summary.ts';
import type { Expression, FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';

/** As much of a moment as is counted. */
const moment = (labels: (Expression | null)[]) =>
  ({ faces: labels.map((expression) => ({ expression }) as FaceReading), dropped: {} }) as Moment;

it('the summary gives what was seen its share, and never calls a little nothing', () => {
  const summary = createSummary();
  const totals = summary.begin('clip.mp4');
  for (let i = 0; i < 99; i++) totals.add(moment(['NEUTRAL', 'HAPPINESS', 'NEUTRAL']));
  totals.add(moment([null, 'HAPPINESS', 'NEUTRAL']));
  totals.end(10, { worker: 1 });
  expect(summary.text()).toBe(
    'clip.mp4: 100 frames, 300 faces in 10.0 s (10.0 frames per second), 1 frame not scored; ' +
      'NEUTRAL 66%, HAPPINESS 33%, abstained <1%\n',
  );
});

it('the summary says nothing of an input of which nothing was seen', () => {
  const summary = createSummary();
  summary.begin('broken.mp4');
  expect(summary.text()).toBe('');
});
