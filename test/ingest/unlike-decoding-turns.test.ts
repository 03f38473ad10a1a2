/** Turns of recordings of which some start slowly, stand still, come and go, or are too slow for any decoder. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DecodingTurn, DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { COSTS, Machine, now } from './turns-simulation.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Gives ten frames a second while it is decoded; how late they are is set by the test. */
class Source {
  readonly turn: DecodingTurn;
  state: 'waits' | 'starts' | 'runs' = 'starts';
  pace: 'kept' | 'late' | 'behind' = 'kept';
  lag = 0;
  isStalled = false;
  frames = 0;
  gaveWay = 0;
  longestWait = 0;
  #since = now();
  readonly #startMs: number;

  constructor(turns: DecodingTurns, startMs = 100) {
    this.#startMs = startMs;
    this.turn = turns.open(() => {
      this.state = 'waits';
      this.gaveWay += 1;
      this.#since = now();
      void this.turn.wait().then(() => {
        this.longestWait = Math.max(this.longestWait, now() - this.#since);
        this.state = 'starts';
        this.#since = now();
      });
    });
  }

  tick(): void {
    if (this.state === 'waits' || this.isStalled) return;
    if (this.state === 'starts' && now() - this.#since < this.#startMs) return;
    this.state = 'runs';
    this.frames += 1;
    this.turn.came(this.pace, this.lag);
  }
}

/** @param each before the frames of each tenth of a second */
async function run(seconds: number, all: readonly Source[], each = () => {}): Promise<number[]> {
  const before = all.map(({ frames }) => frames);
  for (let at = 0; at < seconds * 10; at++) {
    each();
    for (const one of all) one.tick();
    await vi.advanceTimersByTimeAsync(100);
  }
  return all.map(({ frames }, i) => frames - before[i]!);
}

/** A machine that has the time for so many. */
const timeFor = (most: number, all: readonly Source[]) => () => {
  const running = all.filter(({ state, isStalled }) => state !== 'waits' && !isStalled).length;
  for (const one of all) {
    one.pace = running > most ? 'late' : 'kept';
    one.lag = running > most ? 1 : running === most ? 0.05 : 0;
  }
};

const sources = (count: number, turns: DecodingTurns) =>
  Array.from({ length: count }, () => new Source(turns));

test('when all are closed while turns are taken, those that come later have theirs all the same', async () => {
  const turns = new DecodingTurns(now);
  const first = turns.open(() => {});
  first.came('late', 1.5);
  first.close();
  // A frame that was on its way.
  first.came('late', 1.5);
  await vi.advanceTimersByTimeAsync(1000);
  const one = new Source(turns);
  await run(6, [one]);
  [one.pace, one.lag] = ['behind', 2];
  await run(0.5, [one]);
  [one.pace, one.lag] = ['kept', 0];
  await run(5, [one]);
  expect(one.state).toBe('runs');
});

test.each([1, 2, 4])(
  'one that stands still in its turn does not keep the others from theirs, of which there is the time for %d at once',
  async (most) => {
    const turns = new DecodingTurns(now);
    const all = sources(6, turns);
    await run(180, all, timeFor(most, all));
    all[0]!.isStalled = true;
    await run(30, all, timeFor(most, all));
    const [, ...others] = await run(180, all, timeFor(most, all));
    expect(Math.min(...others)).toBeGreaterThan(90 * most);
  },
);

test.each([
  [1, 1],
  [2, 2],
  [8, 6],
])(
  'of 24 with the time for %d, all go on having turns while %d more connect for half a minute',
  async (most, opening) => {
    const turns = new DecodingTurns(now);
    const all = sources(24, turns);
    await run(180, all, timeFor(most, all));
    const had = (frames: number[]) => frames.filter((count) => count > 0).length;
    const usually = had(await run(25, all, timeFor(most, all)));
    for (let i = 0; i < opening; i++) turns.open(() => {});
    await run(2, all, timeFor(most, all));
    expect(had(await run(25, all, timeFor(most, all)))).toBeGreaterThan(0.6 * usually);
  },
);

test('who opens one each second that gives nothing starves nobody', async () => {
  const turns = new DecodingTurns(now);
  const all = sources(4, turns);
  await run(120, all, timeFor(1, all));
  let opened: DecodingTurn | undefined;
  let step = 0;
  const frames = await run(600, all, () => {
    timeFor(1, all)();
    if (step++ % 10 > 0) return;
    opened?.close();
    opened = turns.open(() => {});
  });
  expect(Math.min(...frames)).toBeGreaterThan(500);
});

test('three that are too many are not taken for too slow by themselves', async () => {
  const machine = new Machine(3, 2, { ...COSTS, decode: 0.13 });
  await machine.run(60);
  const { sum } = await machine.run(300);
  // 6.9 with two; 0.7 where the last of those that are behind is compared with none.
  expect(sum).toBeGreaterThan(3);
});

test('those that come while one alone is too slow are all decoded', async () => {
  const machine = new Machine(1, 4, { ...COSTS, decode: 0.5, keyFrames: 0.1 });
  // While it waits, for a quarter of a second, as well as while it does not.
  await machine.run(31);
  machine.add(12, COSTS);
  await machine.run(5);
  const { scored } = await machine.run(10);
  expect(Math.min(...scored.slice(1))).toBeGreaterThan(8);
});

test('who came while one waited does not give way when that waits once more, an hour later', async () => {
  const turns = new DecodingTurns(now);
  const [slow, ...others] = sources(41, turns);
  const waitsOnce = async (all: Source[]) => {
    Object.assign(slow!, { pace: 'behind', lag: 2 });
    while (slow!.state !== 'waits') await run(0.1, all);
    Object.assign(slow!, { pace: 'kept', lag: 0 });
  };
  await run(6, [slow!, ...others]);
  await waitsOnce([slow!, ...others]);
  const newcomer = new Source(turns, 2000);
  await run(3600, [slow!, ...others, newcomer]);
  const before = newcomer.gaveWay;
  await waitsOnce([slow!, ...others, newcomer]);
  await run(10, [slow!, ...others, newcomer]);
  expect(newcomer.gaveWay).toBe(before);
});

test('one whose start took two minutes makes nobody wait for minutes', async () => {
  const turns = new DecodingTurns(now);
  const all = [new Source(turns, 120_000), ...sources(2, turns)];
  await run(150, all);
  await run(600, all, timeFor(1, all));
  expect(Math.max(...all.slice(1).map(({ longestWait }) => longestWait))).toBeLessThan(75_000);
});
