import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchProgress } from '../../src/cli/analyze/batch-progress.ts';
import { resultPlaces } from '../../src/cli/analyze/result-paths.ts';

/** A batch of which 13 of 20 are kept, whose clock goes when it is told. */
function batch(work: readonly number[]) {
  let [text, now] = ['', 0];
  const screen = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const progress = new BatchProgress(screen, { all: 13 + work.length, kept: 13, work }, () => now);
  onTestFinished(() => progress.close());
  return { progress, told: () => text, pass: (seconds: number) => (now += seconds * 1000) };
}

describe('how far a batch is', () => {
  it('an input that has ended says how many have, and how long the rest takes by what is done of the work', () => {
    const { progress, told, pass } = batch([100, 100, 400, 400]);
    pass(60);
    progress.ended(0, 'one.mp4: 3 frames');
    pass(60);
    progress.ended(1, 'two.mp4: 3 frames');
    progress.at(2, 0.5);
    expect(progress.text()).toBe('15 of 17, 3 min left');
    progress.ended(2, 'three.mp4: 3 frames');
    progress.ended(3, 'four\n.mp4: 3 frames');
    expect(told()).toBe(
      '[14 of 17, 9 min left] one.mp4: 3 frames\n[15 of 17, 8 min left] two.mp4: 3 frames\n' +
        '[16 of 17, 80 s left] three.mp4: 3 frames\n[17 of 17] four?.mp4: 3 frames\n',
    );
  });

  it('of one that takes long it is told every ten seconds; nothing of the time left while nothing is known', () => {
    const { progress, told, pass } = batch([100, 100]);
    pass(9);
    progress.beat();
    expect(told()).toBe('');
    pass(1);
    progress.beat();
    progress.beat();
    expect(told()).toBe('[13 of 15]\n');
    progress.at(0, 0.1);
    pass(10_000);
    progress.beat();
    expect(told()).toBe('[13 of 15]\n[13 of 15, 52 h 50 min left]\n');
  });
});

describe('where a result lies', () => {
  const named = (...places: string[]) =>
    places.map((place, index) => ({ id: `${index}/${place}`, place, before: null as string | null }));

  it('at the path of its input, with an ending', () => {
    expect(resultPlaces(named('day 1/a.mp4', 'day 2/a.mp4', 'a.mov', 'a.mp4'), '.csv', [])).toEqual([
      'day 1/a.mp4.csv',
      'day 2/a.mp4.csv',
      'a.mov.csv',
      'a.mp4.csv',
    ]);
  });

  it('where two would have the same, or the same but for case, or one of the directory, each has a hash of its input', () => {
    const places = resultPlaces(named('a.mp4', 'A.mp4', 'b.mp4', 'summary'), '.csv', []);
    expect(places).toEqual([
      expect.stringMatching(/^a\.mp4-[0-9a-f]{8}\.csv$/),
      expect.stringMatching(/^A\.mp4-[0-9a-f]{8}\.csv$/),
      'b.mp4.csv',
      expect.stringMatching(/^summary-[0-9a-f]{8}\.csv$/),
    ]);
    expect(new Set(places.map((at) => at.toLowerCase())).size).toBe(4);
  });

  it('one that has a result keeps its place, and none gets that of another, however many are known by then', () => {
    const inputs = named('x/a.mp4', 'a.mp4', 'a.mp4', 'b.mp4');
    const whole = resultPlaces(inputs, '.csv', []);
    for (const count of [1, 2, 3]) {
      const known = inputs.map((input, at) => ({ ...input, before: at < count ? whole[at]! : null }));
      expect(resultPlaces(known, '.csv', [])).toEqual(whole);
    }
    expect(resultPlaces([{ ...inputs[3]!, before: 'b.mp4.jsonl' }], '.csv', ['B.mp4.csv'])).toEqual([
      expect.stringMatching(/^b\.mp4-[0-9a-f]{8}\.csv$/),
    ]);
  });

  it('a name that is too long for an ending is cut, and stays its own', () => {
    const [one, other] = resultPlaces(named(`${'ü'.repeat(126)}1`, `${'ü'.repeat(126)}2`), '.jsonl', []);
    expect(Buffer.byteLength(one!)).toBeLessThan(220);
    expect(one).not.toBe(other);
  });
});
