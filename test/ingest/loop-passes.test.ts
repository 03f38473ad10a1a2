import { expect, test } from 'vitest';
import { LoopPasses } from '../../src/ingest/loop-passes.ts';
import { FIRST_PLACE } from '../../src/ingest/run-place.ts';

/** The recording's pictures end after 2 s, its sound after 2.5. */
const [END, DURATION] = [2, 2.5];

test('the passes of a loop that was read on behind its first, before any came to its end, all have the length that this place assumed', () => {
  const passes = new LoopPasses();
  const first = passes.start(FIRST_PLACE, false, { frameRate: 25 });
  passes.placeOf(first, 0);
  const later = passes.start(passes.at(3, DURATION), false, { frameRate: 25 });
  expect([later.pass, later.position, later.mediaTime()]).toEqual([1, 0.5, 3]);
  expect(passes.placeOf(later, 3.04)).toEqual({ pass: 1, sourceTime: 0.54 });
  const next = passes.behind(later, END, DURATION);
  expect([next.pass, next.mediaTime()]).toEqual([2, 2 * DURATION]);
  expect(passes.at(8, DURATION)).toMatchObject({ pass: 3, position: 0.5 });
});

test('one that was read on within its first pass learns from its end how long all are', () => {
  const passes = new LoopPasses();
  passes.placeOf(passes.start(FIRST_PLACE, false, { frameRate: 25 }), 0);
  const later = passes.start(passes.at(1.2, DURATION), false, { frameRate: 25 });
  const next = passes.behind(later, END, DURATION);
  expect([next.pass, next.mediaTime()]).toEqual([1, END]);
  expect(passes.at(5, DURATION)).toMatchObject({ pass: 2, position: 1 });
});
