/** Where a source is read on that fell behind, or whose rate has changed. */
import { expect, it } from 'vitest';
import { LoopPasses } from '../../src/ingest/loop-passes.ts';
import { placeAt } from '../../src/ingest/run-place.ts';

const recording = { live: false, duration: 20 };

it.each([
  ['is read on where the clock is once it has started', 7, 0.25, null, 7.25, 7.25],
  ['is read on two seconds ahead at most, however long the last start took', 7, 30, null, 9, 9],
  ['that is looped is read on within its pass', 47, 0.25, new LoopPasses(), 47.25, 7.25],
])('a recording %s', (_, due, startup, passes, mediaTime, position) => {
  const place = placeAt(() => due, startup, recording, passes);
  expect([place.mediaTime(), place.position]).toEqual([mediaTime, position]);
});

it('what is live goes on when its first frame comes, and its time is asked for once', () => {
  let due = 5;
  const place = placeAt(() => due++, 0.25, { live: true, duration: null }, null);
  due = 8;
  expect([place.mediaTime(), place.mediaTime(), place.position]).toEqual([8, 8, 0]);
});
