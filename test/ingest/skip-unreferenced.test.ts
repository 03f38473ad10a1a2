import { expect, test } from 'vitest';
import { SkipUnreferenced } from '../../src/ingest/frames/skip-unreferenced.ts';

/** Frames that come at a rate while the clock and media time pass together. */
function source({ always = true, remained = undefined as number | undefined } = {}) {
  let at = 0;
  const leaving = new SkipUnreferenced({
    frameRate: 10,
    always,
    patience: 10_000,
    remained,
    now: () => at * 1000,
  });
  return {
    leaving,
    /** @returns after how many seconds another run had to begin; null: none had to within that time */
    run(framesPerSecond: number, seconds: number): number | null {
      const from = at;
      while (at < from + seconds) {
        at += 1 / framesPerSecond;
        if (leaving.cameAt(at)) return Math.round(at - from);
      }
      return null;
    },
  };
}

test('a live source leaves frames out from the beginning, for as long as enough remain', () => {
  const { leaving, run } = source();
  leaving.found(25);
  expect(leaving.active).toBe(true);
  expect(run(10, 600)).toBeNull();
  expect(leaving.remained).toBeUndefined();
});

test('one of which too few remain is decoded whole within seconds, and stays so', () => {
  const { leaving, run } = source();
  leaving.found(25);
  expect(run(6.25, 60)).toBe(2);
  expect(leaving.active).toBe(false);
  expect(run(10, 3600)).toBeNull();
  expect(leaving.remained).toBeCloseTo(6.25, 1);
});

test('one of which it is known that too few remain leaves out nothing', () => {
  expect(source({ remained: 6.25 }).leaving.active).toBe(false);
});

test('a source that has fewer frames than are asked for loses none, so nothing changes', () => {
  const { leaving, run } = source();
  leaving.found(5);
  expect(run(5, 600)).toBeNull();
  expect(leaving.active).toBe(true);
});

test('a looped recording that is so short that a start costs more than is saved is decoded whole, and asking for less changes nothing', () => {
  const { leaving, run } = source();
  leaving.found(25, false);
  expect(run(10, 60)).toBe(0);
  expect([leaving.active, leaving.remained]).toEqual([false, undefined]);
  leaving.setFrameRate(5);
  expect(run(10, 600)).toBeNull();
  leaving.relieve();
  expect(run(10, 60)).toBeNull();
});

test('pauses of a source are not taken for frames that are missing', () => {
  const { leaving, run } = source();
  leaving.found(25);
  for (let i = 0; i < 50; i++) {
    expect(run(10, 2)).toBeNull();
    expect(run(0.2, 4)).toBeNull();
  }
});

test('a recording that keeps the even grid leaves out frames when fewer have been asked for for ten seconds, and none when all are', () => {
  const { leaving, run } = source({ always: false });
  leaving.found(25);
  expect(leaving.active).toBe(false);
  leaving.setFrameRate(5);
  expect(run(10, 60)).toBe(10);
  expect(leaving.active).toBe(true);
  leaving.setFrameRate(10);
  expect(run(10, 60)).toBe(0);
  // Each time it takes twice as long.
  leaving.setFrameRate(5);
  expect(run(10, 60)).toBe(20);
});

test('a rate that is lowered again and again for a moment begins no other run', () => {
  const { leaving, run } = source({ always: false });
  for (let i = 0; i < 20; i++) {
    leaving.setFrameRate(5);
    expect(run(10, 8)).toBeNull();
    leaving.setFrameRate(10);
    expect(run(10, 1)).toBeNull();
  }
});

test('where too few remain for the full rate, a lower one that they are enough for leaves out', () => {
  const { leaving, run } = source({ remained: 6.25 });
  leaving.found(25);
  leaving.setFrameRate(5);
  expect(run(10, 60)).toBe(10);
  expect(run(6.25, 600)).toBeNull();
});

test('a decoder that was behind has less to do for ten minutes', () => {
  const { leaving, run } = source({ always: false });
  leaving.found(25);
  leaving.relieve();
  expect(leaving.active).toBe(true);
  expect(run(10, 1200)).toBe(600);
  expect(leaving.active).toBe(false);
});
