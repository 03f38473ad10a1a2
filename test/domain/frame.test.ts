/** Frames that were not scored: how they are added up, and how they are measured. */
import { expect, it } from 'vitest';
import { addDrops, measureDrops, nonZeroDrops, totalDrops } from '../../src/domain/frame.ts';

it('frames that were not scored are added up reason by reason, and both summands stay as they are', () => {
  const [one, other] = [
    { busy: 2, store: 1 },
    { busy: 3, worker: 4 },
  ];
  expect(addDrops(one, other)).toEqual({ busy: 5, store: 1, worker: 4 });
  expect([one, other]).toEqual([
    { busy: 2, store: 1 },
    { busy: 3, worker: 4 },
  ]);
  expect([totalDrops({}), totalDrops({ busy: 5, store: 1, source: 4 })]).toEqual([0, 10]);
});

it('a reason of which there are none is left out', () => {
  expect(nonZeroDrops({ busy: 0, worker: 1, store: 2, source: 3 })).toStrictEqual({
    ...{ worker: 1, store: 2, source: 3 },
  });
});

it.each([
  [{ dropped: { busy: 7, store: 1 } }, { busy: 7, store: 1 }],
  [
    { dropped: { busy: 7 }, leftOut: 2, late: 4 },
    { busy: 1, shed: 2, late: 4 },
  ],
  [
    { dropped: { busy: 6 }, leftOut: 2, late: 4 },
    { shed: 2, late: 4 },
  ],
  // What came late before a rate was lowered may be told twice.
  [{ dropped: { busy: 1 }, leftOut: 2, late: 0 }, { shed: 2 }],
  [{ dropped: {}, leftOut: 0 }, {}],
])(
  'of %j that are busy are measured those that no lower rate left out, and that came in time: %j',
  (frame, measure) => {
    expect(measureDrops(frame)).toStrictEqual(measure);
  },
);
