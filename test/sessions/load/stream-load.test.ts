import { expect, it } from 'vitest';
import { FrameRateControl } from '../../../src/sessions/load/frame-rate-control.ts';
import { averageUsed, StreamLoad } from '../../../src/sessions/load/stream-load.ts';
import { STREAM_RECORD } from '../../helpers/streams.ts';

function openLoad(realtime: boolean) {
  const rates: number[] = [];
  const load = new StreamLoad(
    { ...STREAM_RECORD, frameRate: 10 },
    new FrameRateControl(),
    () => {},
    () => {},
  );
  load.opened({ realtime, setFrameRate: (rate) => rates.push(rate) });
  return { load, rates };
}

it('what is scored is averaged over three seconds, exponentially', () => {
  // 1 - exp(-1), and 1 - exp(-1 / 3), of the way from 0 to 30.
  expect(averageUsed(0, 30, 3)).toBeCloseTo(30 * 0.63212, 3);
  expect(averageUsed(0, 30, 1)).toBeCloseTo(30 * 0.28347, 3);
  expect(averageUsed(12, 12, 1)).toBe(12);
});

it('a source in real time follows the rate from its start; a recording is not told of any', () => {
  expect(openLoad(true).rates).toEqual([10]);
  const recording = openLoad(false);
  recording.load.endSecond(1);
  recording.load.follow(true);
  expect(recording.rates).toEqual([]);
});

it('a stream that is closed sets no rate any more', () => {
  const { load, rates } = openLoad(true);
  load.close();
  load.follow(true);
  expect(rates).toEqual([10]);
  expect(load.effectiveFrameRate).toBeNull();
});
