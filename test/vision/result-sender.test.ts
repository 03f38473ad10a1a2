import { expect, test } from 'vitest';
import { ResultSender } from '../../src/vision/workers/result-sender.ts';
import type { ResultsMessage } from '../../src/vision/workers/worker-protocol.ts';

test('what the models did before the first frame, to be measured, is reported as no work', () => {
  const run = async () => ({});
  const models = { detector: { run, seconds: 5 }, ensemble: { run, seconds: 7 } };
  const posted: ResultsMessage[] = [];
  const sender = new ResultSender(2, models, { halfSizeDetections: 0 }, (message) => posted.push(message));
  models.detector.seconds += 0.25;
  models.ensemble.seconds += 0.5;
  const frame = { type: 'frame', stream: 1, id: 1, pixels: new Uint8Array(1), width: 1, height: 1 } as const;
  sender.requestOf({ ...frame, mediaTime: 0 }).answer([], Infinity, false);
  sender.send();
  expect(posted.map(({ work }) => [work.detectionSeconds, work.ensembleSeconds])).toEqual([[0.25, 0.5]]);
});
