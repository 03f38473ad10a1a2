import { describe, expect, test } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { CoverageWatch } from '../../src/outputs/coverage-watch.ts';
import { RuleWatch } from '../../src/outputs/rule-watch.ts';
import { momentAt, rule } from './receiver.ts';

const H = 'HAPPINESS';

/** What is told of moments with these labels of one face, a tenth of a second apart. */
function told(labels: readonly (string | null)[], change: Parameters<typeof rule>[0] = {}) {
  return toldOf(
    labels.map((label, seq) => momentAt(seq, [label])),
    change,
  );
}

function toldOf(moments: readonly Moment[], change: Parameters<typeof rule>[0] = {}) {
  const watch = new RuleWatch([rule(change)]);
  return moments.flatMap((moment) =>
    watch.push(moment).map(({ holds, track, since, until, active }) => ({
      ...{ at: moment.mediaTime, holds, track, since, until, active },
    })),
  );
}

const times = <T>(count: number, label: T): T[] => Array.from({ length: count }, () => label);

describe('a rule', () => {
  test('is true of a track once its label has lasted, and ends half a second after it is another', () => {
    expect(told([...times(30, H), ...times(10, 'NEUTRAL')])).toEqual([
      { at: 2, holds: true, track: 1, since: 0, until: 2, active: 1 },
      { at: 3.5, holds: false, track: 1, since: 0, until: 2.9, active: 0 },
    ]);
  });

  test('is never true of what is too short', () => {
    expect(told([...times(20, H), ...times(10, 'NEUTRAL'), ...times(20, H)])).toEqual([]);
  });

  test('counts on over a moment of something else, of an abstention, and of a face that is not seen', () => {
    const moments = times(25, H).map((label, seq) => momentAt(seq, [label]));
    moments[5] = momentAt(5, ['NEUTRAL']);
    moments[10] = momentAt(10, [null]);
    moments[15] = momentAt(15, []);
    expect(toldOf(moments)).toMatchObject([{ at: 2, holds: true }]);
  });

  test('needs enough confidence, and the track that it names', () => {
    expect(told(times(40, H), { minConfidence: 0.87 })).toEqual([]);
    expect(told(times(40, H), { minConfidence: 0.86 })).toHaveLength(1);
    expect(told(times(40, H), { track: 2 })).toEqual([]);
  });

  test('of anyone is told of each track, with how many it is true of', () => {
    const labels = (seq: number) => [H, seq >= 10 ? H : 'NEUTRAL'];
    const moments = Array.from({ length: 60 }, (_, seq) => momentAt(seq, seq < 40 ? labels(seq) : []));
    expect(toldOf(moments)).toMatchObject([
      { at: 2, track: 1, holds: true, active: 1 },
      { at: 3, track: 2, holds: true, active: 2 },
      { at: 4.5, track: 1, holds: false, active: 1 },
      { at: 4.5, track: 2, holds: false, active: 0 },
    ]);
  });

  test.each<[string, Partial<Moment>]>([
    ['a pause of the source', { mediaTime: 12.5, previousDuration: 0.15 }],
    ['a cut to another scene', { cut: true }],
    ['another session', { sessionId: '0190b0f0-0000-7000-8000-00000000abcd' }],
  ])('is ended by %s, and counts anew', (_, change) => {
    const moments = times(45, H).map((label, seq) => {
      const late = change.mediaTime === undefined ? {} : { mediaTime: seq / 10 + 10 };
      return momentAt(seq, [label], seq < 25 ? {} : { ...late, ...(seq === 25 && change) });
    });
    expect(toldOf(moments)).toMatchObject([{ holds: true }, { holds: false, until: 2.4 }]);
  });

  test('is not ended by the long intervals of a slow stream', () => {
    const slow = times(4, H).map((label, seq) =>
      momentAt(seq, [label], { mediaTime: seq * 2, previousDuration: 2 }),
    );
    expect(toldOf(slow)).toMatchObject([{ at: 2, holds: true }]);
  });

  test('without a duration is true at once', () => {
    expect(told([H], { minDuration: 0 })).toMatchObject([{ at: 0, holds: true }]);
  });
});

test('coverage is low once moments stand for less than 0.9 of the last ten seconds, and well again from 0.95 on', () => {
  const watch = new CoverageWatch();
  const changes: unknown[] = [];
  for (let seq = 0; seq < 600; seq++) {
    // From second 20 to 30 every fifth moment is missing.
    if (seq > 200 && seq <= 300 && seq % 5 === 0) continue;
    const change = watch.push(momentAt(seq, []));
    if (change) changes.push(change);
  }
  expect(changes).toEqual([
    { isLow: true, isOver: false, coverage: 0.89, mediaTime: 25.6 },
    { isLow: false, isOver: false, coverage: 0.95, mediaTime: 37.6 },
  ]);
});

test('coverage that is low when a session ends is so no more', () => {
  const watch = new CoverageWatch();
  watch.push(momentAt(0, []));
  const low = watch.push(momentAt(200, []))!;
  expect(low).toMatchObject({ isLow: true });
  // The first moment of another session, whose end was not heard.
  const other = momentAt(0, [], { sessionId: '0190b0f0-0000-7000-8000-00000000abcd' });
  expect(watch.push(other)).toEqual({ ...low, isLow: false, isOver: true });
  expect(watch.end()).toBeNull();
});
