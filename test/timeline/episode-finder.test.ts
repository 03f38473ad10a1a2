import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type Expression } from '../../src/domain/face.ts';
import type { EpisodeEvent } from '../../src/domain/moment.ts';
import { EPISODE_RULES, EpisodeFinder } from '../../src/timeline/episode-finder.ts';
import type { FaceAt } from '../../src/timeline/raw-onsets.ts';

function face(expression: Expression, level: number, more: Partial<FaceAt> = {}): FaceAt {
  const rest = (1 - level) / 7;
  const probabilities = EXPRESSIONS.map((name) => (name === expression ? level : rest));
  return { track: 1, probabilities, raw: probabilities, judged: true, ...more };
}

/** @param seconds of media time; the wall clock runs twice as fast */
function push(finder: EpisodeFinder, seconds: number, faces: readonly FaceAt[]) {
  return finder.push({ mediaTime: seconds, wallTime: seconds * 2000 }, faces);
}

/** Levels of one expression, ten per second; the events with the time at which they were told. */
function watch(levels: number[], expression: Expression = 'HAPPINESS') {
  const finder = new EpisodeFinder('session', EPISODE_RULES);
  const told = levels.flatMap((level, index) =>
    push(finder, index / 10, [face(expression, level)]).map((event) => ({ at: index / 10, ...event })),
  );
  return { told, finder, kinds: told.map(({ kind, at }) => `${kind} ${at}`) };
}
const short = ({ kind, episode }: EpisodeEvent) =>
  `${kind} ${episode.index} ${episode.expression} ${episode.onset} ${episode.apex} ${episode.offset}`;

describe('episodes', () => {
  it('have an onset, an apex and an offset, told in that order', () => {
    const { told, kinds } = watch([0.2, 0.5, 0.6, 0.8, 0.9, 0.8, 0.6, 0.4, 0.3]);
    expect(kinds).toEqual(['ONSET 0.4', 'APEX 0.5', 'OFFSET 0.8']);
    const { episode } = told.at(-1)!;
    expect(episode).toMatchObject({
      index: 0,
      track: 1,
      expression: 'HAPPINESS',
      onset: 0.1,
      apex: 0.4,
      offset: 0.7,
      startedAt: new Date(200),
      endedAt: new Date(1400),
    });
    expect(episode.peak).toBe(Math.fround(0.9));
    expect(told[0]?.episode.offset).toBeNull();
  });

  it('need a minimum length', () => {
    expect(watch([0.2, 0.9, 0.9, 0.2, 0.2]).kinds).toEqual([]);
    expect(watch([0.2, 0.9, 0.9, 0.9, 0.9]).kinds).toEqual(['ONSET 0.4']);
  });

  it('do not break when the score wavers between the two thresholds', () => {
    const { kinds } = watch([0.5, 0.4, 0.5, 0.35, 0.5, 0.4, 0.5, 0.3]);
    expect(kinds.filter((kind) => kind.startsWith('ONSET'))).toHaveLength(1);
    expect(watch([0.4, 0.4, 0.45, 0.49, 0.4]).kinds).toEqual([]);
  });

  it('tell a later, higher apex again', () => {
    const { told } = watch([0.6, 0.7, 0.7, 0.7, 0.6, 0.7, 0.9, 0.8, 0.2]);
    expect(told.map(short)).toEqual([
      'ONSET 0 HAPPINESS 0 0.1 null',
      'APEX 0 HAPPINESS 0 0.1 null',
      'APEX 0 HAPPINESS 0 0.6 null',
      'OFFSET 0 HAPPINESS 0 0.6 0.7',
    ]);
  });

  it('are never of NEUTRAL', () => {
    const { told, finder } = watch(Array(20).fill(0.99), 'NEUTRAL');
    expect([...told, ...finder.finish()]).toEqual([]);
  });

  it('give way to another expression that prevails, also where theirs has not fallen', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const [happiness, surprise] = [EXPRESSIONS.indexOf('HAPPINESS'), EXPRESSIONS.indexOf('SURPRISE')];
    const both = { [happiness]: 0.4, [surprise]: 0.6 };
    const surprised = EXPRESSIONS.map((_, at) => both[at] ?? 0);
    const events = Array.from({ length: 12 }, (_, index) =>
      push(finder, index / 10, [
        index < 6
          ? face('HAPPINESS', 0.9)
          : face('SURPRISE', 0, { probabilities: surprised, raw: surprised }),
      ]),
    ).flat();
    expect(events.map(short)).toEqual([
      'ONSET 0 HAPPINESS 0 0 null',
      'APEX 0 HAPPINESS 0 0 null',
      'OFFSET 0 HAPPINESS 0 0 0.5',
      'ONSET 1 SURPRISE 0.6 0.6 null',
    ]);
  });

  it('end with the last reading of a track that is gone, and at the end', () => {
    const { finder } = watch(Array(6).fill(0.9));
    expect(push(finder, 2.5, [])).toEqual([]);
    expect(push(finder, 2.6, []).map(short)).toEqual([
      'APEX 0 HAPPINESS 0 0 null',
      'OFFSET 0 HAPPINESS 0 0 0.5',
    ]);
    const { finder: cut } = watch(Array(6).fill(0.9));
    expect(cut.finish().map(({ kind }) => kind)).toEqual(['APEX', 'OFFSET']);
    expect(cut.finish()).toEqual([]);
  });

  it('neither begin nor end on faces too poor to judge', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const at = (index: number, judged: boolean, level: number) =>
      push(finder, index / 10, [face('ANGER', level, { judged })]);
    const events = [
      ...Array.from({ length: 6 }, (_, index) => at(index, false, 0.9)),
      ...Array.from({ length: 6 }, (_, index) => at(6 + index, true, 0.9)),
      ...Array.from({ length: 6 }, (_, index) => at(12 + index, false, 0.1)),
    ].flat();
    expect(events.map(short)).toEqual(['ONSET 0 ANGER 0.6 0.6 null']);
  });

  it('are found also where frames are further apart than a track may be gone', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const events = [0, 10, 20, 30].flatMap((at) => push(finder, at, [face('ANGER', at < 30 ? 0.9 : 0.1)]));
    expect(events.map(short)).toEqual([
      'ONSET 0 ANGER 0 0 null',
      'APEX 0 ANGER 0 0 null',
      'OFFSET 0 ANGER 0 0 20',
    ]);
  });

  it('go on while a face is seen that is too poor to judge, however long; a track that was away is another matter', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const at = (index: number, ...faces: FaceAt[]) => push(finder, index / 10, faces);
    const steps = (from: number, to: number, ...faces: FaceAt[]) =>
      Array.from({ length: to - from }, (_, index) => at(from + index, ...faces)).flat();
    const good = face('ANGER', 0.9);
    const events = [
      ...steps(0, 5, good),
      ...steps(5, 60, { ...good, judged: false }),
      ...steps(60, 65, good),
    ];
    expect(events.map(short)).toEqual(['ONSET 0 ANGER 0 0 null']);
    steps(65, 80);
    expect(at(90, good).map(short)).toEqual(['APEX 0 ANGER 0 0 null', 'OFFSET 0 ANGER 0 0 6.4']);
  });

  describe('whose smoothed probability is late', () => {
    /** Ten frames a second of one face; its levels of `expression` smoothed, and of the frame alone. */
    function late(
      levels: readonly (readonly [smoothed: number, raw: number])[],
      expression: Expression = 'HAPPINESS',
    ) {
      const finder = new EpisodeFinder('session', EPISODE_RULES);
      const frame = ([smoothed, raw]: readonly [number, number]) =>
        face(expression, smoothed, { raw: face(expression, raw).probabilities });
      const events = levels.flatMap((level, index) => push(finder, index / 10, [frame(level)]));
      return { finder, events, frame };
    }
    const rising = [
      [0.1, 0.1],
      [0.3, 0.5],
      [0.4, 0.7],
      [0.55, 0.9],
      [0.7, 0.9],
    ] as const;

    it('began with the first frame that shows what they became', () => {
      const { events } = late(rising);
      expect(events.map(short)).toEqual(['ONSET 0 HAPPINESS 0.1 0.4 null']);
      expect(events[0]?.episode.startedAt).toEqual(new Date(200));
    });

    it('began behind the last frame that showed something else', () => {
      expect(late([[0.3, 0.6], [0.2, 0.1], ...rising.slice(1)]).events.map(short)).toEqual([
        'ONSET 0 HAPPINESS 0.2 0.5 null',
      ]);
    });

    it('began where the smoothed probability rose, if no frame alone says so', () => {
      expect(
        late([
          [0.1, 0.1],
          [0.6, 0.2],
          [0.6, 0.2],
          [0.6, 0.2],
          [0.6, 0.2],
        ]).events[0]?.episode.onset,
      ).toBe(0.1);
    });

    it('began after the one before on their track had ended', () => {
      const { finder } = late([...rising, [0.9, 0.9], [0.9, 0.9]]);
      const fear = (level: number) => face('FEAR', level).probabilities;
      const mixed = (smoothed: Expression) => ({ ...face(smoothed, 0.6), raw: fear(0.9) });
      const events = [7, 8, 9, 10, 11, 12, 13].flatMap((index) =>
        push(finder, index / 10, [mixed(index < 9 ? 'HAPPINESS' : 'FEAR')]),
      );
      expect(events.map(short)).toEqual([
        'APEX 0 HAPPINESS 0.1 0.5 null',
        'OFFSET 0 HAPPINESS 0.1 0.5 0.8',
        'ONSET 1 FEAR 0.9 0.9 null',
      ]);
    });

    it('began no earlier than their track was seen without a gap, nor than what was erased ended', () => {
      const finder = new EpisodeFinder('session', EPISODE_RULES);
      const faces = (smoothed: number) => [
        { ...face('ANGER', smoothed), raw: face('ANGER', 0.9).probabilities },
      ];
      push(finder, 0, faces(0.3));
      push(finder, 0.1, []);
      push(finder, 0.2, faces(0.4));
      push(finder, 0.3, faces(0.45));
      finder.forget(0.2);
      const told = [4, 5, 6].flatMap((at) => push(finder, at / 10, faces(0.6)));
      expect(told[0]?.episode.onset).toBe(0.2);
      finder.forget(0.5);
      const later = [7, 8, 9, 10].flatMap((at) => push(finder, at / 10, faces(0.6)));
      expect(later.map(short)).toEqual(['ONSET 1 ANGER 0.7 0.7 null']);
    });

    it('keep through frames too poor to judge what the frames before began', () => {
      const finder = new EpisodeFinder('session', EPISODE_RULES);
      const at = (index: number, smoothed: number, judged = true) =>
        push(finder, index / 10, [
          { ...face('ANGER', smoothed, { judged }), raw: face('ANGER', judged ? 0.9 : 0.1).probabilities },
        ]);
      const events = [at(0, 0.3), at(1, 0.3, false), at(2, 0.6), at(3, 0.7)].flat();
      expect(events.map(short)).toEqual(['ONSET 0 ANGER 0 0.3 null']);
    });
  });

  it('are numbered in the order in which they are found, also where one is told later', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const events = Array.from({ length: 12 }, (_, index) =>
      push(finder, index / 10, [
        face('ANGER', 0.9, { judged: index === 0 || index > 8 }),
        ...(index > 1 ? [face('FEAR', 0.9, { track: 2 })] : []),
      ]),
    ).flat();
    expect(events.map(short)).toEqual(['ONSET 1 FEAR 0.2 0.2 null', 'ONSET 0 ANGER 0 0 null']);
  });

  it('are kept apart by track', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const events = Array.from({ length: 6 }, (_, index) =>
      push(finder, index / 10, [face('ANGER', 0.9), face('FEAR', 0.9, { track: 2 })]),
    ).flat();
    expect(events.map(({ episode }) => [episode.index, episode.track, episode.expression])).toEqual([
      [0, 1, 'ANGER'],
      [1, 2, 'FEAR'],
    ]);
  });

  it('that are let go of are not told of any more, and those that begin later are', () => {
    const finder = new EpisodeFinder('session', EPISODE_RULES);
    const hold = (from: number, to: number, level = 0.9) =>
      Array.from({ length: to - from }, (_, at) =>
        push(finder, (from + at) / 10, [face('ANGER', level)]),
      ).flat();
    expect(hold(0, 6).map(short)).toEqual(['ONSET 0 ANGER 0 0 null']);
    finder.forget(0.5);
    // As it goes on, it is another one, which began behind what was erased.
    expect(hold(6, 12).map(short)).toEqual(['ONSET 1 ANGER 0.6 0.6 null']);
    finder.forget(0.6);
    expect(finder.finish().map(({ kind, episode }) => [kind, episode.index])).toEqual([
      ['APEX', 1],
      ['OFFSET', 1],
    ]);
  });
});
