import { expect, test } from 'vitest';
import { createQueuedFrame, noteRun, type QueuedFrame } from '../../src/vision/workers/queued-frame.ts';
import { ResultSender } from '../../src/vision/workers/result-sender.ts';
import type { ResultsMessage } from '../../src/vision/workers/worker-protocol.ts';

test('what the models did before the first frame, to be measured, is reported as no work', () => {
  const run = async () => ({});
  const models = { detector: { run, seconds: 5 }, ensemble: { run, seconds: 7 } };
  const posted: ResultsMessage[] = [];
  const sender = new ResultSender(2, models, { halfSizeDetections: 0 }, (message) => posted.push(message));
  models.detector.seconds += 0.25;
  models.ensemble.seconds += 0.5;
  const frame = {
    type: 'frame',
    stream: 1,
    id: 1,
    pixels: new Uint8Array(1),
    width: 1,
    height: 1,
    timed: false,
  } as const;
  sender.requestOf({ ...frame, mediaTime: 0 }).answer([], Infinity, false);
  sender.send();
  expect(posted.map(({ work }) => [work.detectionSeconds, work.ensembleSeconds])).toEqual([[0.25, 0.5]]);
});

test('of a frame that is timed it is told when each model had it, from its first run to its last', () => {
  const run = async () => ({});
  const models = { detector: { run, seconds: 0 }, ensemble: { run, seconds: 0 } };
  const posted: ResultsMessage[] = [];
  const sender = new ResultSender(2, models, { halfSizeDetections: 0 }, (message) => posted.push(message));
  const frame = { type: 'frame', stream: 1, pixels: new Uint8Array(1), width: 1, height: 1 } as const;
  const [timed, other] = [true, false].map((timed, id) =>
    createQueuedFrame(sender.requestOf({ ...frame, id, timed, mediaTime: 0 }), false),
  ) as [QueuedFrame, QueuedFrame];
  const begun = performance.now();
  for (const one of [timed, other]) {
    noteRun(one, 'scoring', begun - 30);
    noteRun(one, 'scoring', begun - 10);
    one.request.answer([], one.startedAt, false);
  }
  sender.send();
  const [first, second] = posted[0]!.results;
  expect(first!.times).toEqual({
    detection: null,
    scoring: { from: performance.timeOrigin + begun - 30, to: expect.any(Number) },
  });
  expect(first!.times!.scoring!.to).toBeGreaterThanOrEqual(performance.timeOrigin + begun);
  expect(second!.times).toBeUndefined();
  expect([timed.startedAt, other.startedAt]).toEqual([begun - 30, begun - 30]);
});
