import { expect, it } from 'vitest';
import { DetectionStagger } from '../../src/vision/workers/detection-stagger.ts';
import { playInRealTime } from './real-time.ts';

const turns = new DetectionStagger(5);
const withTurns = (stream: number) => turns.take(stream);
const at = (latencies: readonly number[], share: number) => latencies[Math.floor(latencies.length * share)]!;

it('eight streams that begin together are answered faster where they take turns at the detector', async () => {
  const together = await playInRealTime({ streams: 8, seconds: 5, turnOf: () => null });
  const inTurn = await playInRealTime({ streams: 8, seconds: 5, turnOf: withTurns });
  expect([together, inTurn].map(({ dropped, scored }) => [dropped, scored])).toEqual([
    [0, 400],
    [0, 400],
  ]);
  expect(at(together.latencies, 0.9)).toBe(32);
  expect(at(inTurn.latencies, 0.9)).toBe(19.5);
  expect(inTurn.latencies.at(-1)).toBeLessThan(25);
});

it('frames that go through the detector together are shared out, so that no thread stands still while one waits', async () => {
  const { runs } = await playInRealTime({ streams: 8, seconds: 0.1, turnOf: () => null });
  expect(runs.slice(0, 3)).toEqual([
    { model: 'detector', count: 2, at: 0 },
    { model: 'detector', count: 2, at: 0 },
    { model: 'detector', count: 2, at: 10 },
  ]);
});
