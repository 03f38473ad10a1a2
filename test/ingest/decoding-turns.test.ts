/** Recordings in real time that are more than a machine can decode; by simulation, on a clock that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DecodingTurn, DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { type Punctuality, recordingPunctuality } from '../../src/ingest/frames/punctuality.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const now = () => Date.now();
/** Frames a second of each recording. */
const RATE = 10;
/** Processor time, in seconds: of what lies between two frames, of a start of ffmpeg, and of scoring a frame. */
interface Costs {
  decode: number;
  start: number;
  score: number;
}
/** As they were measured of 720p: see decision 0042. */
const COSTS: Costs = { decode: 0.0024, start: 0.16, score: 0.006 };
/** Milliseconds of one step of the simulation. */
const STEP = 20;

/** One recording: its decoder begins where the clock is, and decodes a tenth of a second ahead. */
class Recording {
  readonly turn: DecodingTurn;
  readonly #pace: Punctuality = recordingPunctuality(10, now);
  readonly #began = now();
  /** Frames given, and the most milliseconds that one was late. */
  scored = 0;
  late = 0;
  lag = 0;
  /** In frames. */
  #next = 0;
  /** Processor time that is to be spent before its next frame comes. */
  #left: number;
  runs = true;
  #startedAt: number | null = now();
  /** Of the last start, in seconds: the next one begins where the clock will be by then. */
  #startup = 0;

  constructor(turns: DecodingTurns, { start }: Costs) {
    this.#left = start;
    this.#pace.judge(0);
    this.turn = turns.open(() => {
      this.runs = false;
      this.#pace.skipped('late');
      void this.turn.wait().then(() => {
        this.runs = true;
        this.#left = start;
        this.#startedAt = now();
        this.#next = Math.ceil((this.#pace.dueNow() + this.#startup) * RATE);
      });
    });
  }

  get hasWork(): boolean {
    return this.runs && (this.#startedAt !== null || this.#next <= ((now() - this.#began) / 1000) * RATE + 1);
  }

  /** @returns of the time what was not needed; a frame that is given is scored by `score` */
  decode(time: number, { decode }: Costs, score: () => void): number {
    let left = time;
    while (this.hasWork && left > 0) {
      const spent = Math.min(left, this.#left);
      this.#left -= spent;
      left -= spent;
      if (this.#left > 0) break;
      this.#left = decode;
      if (this.#startedAt !== null) this.#startup = Math.min(2, (now() - this.#startedAt) / 1000);
      this.#startedAt = null;
      const verdict = this.#pace.judge(this.#next / RATE);
      this.turn.came(this.#pace.pace);
      if (verdict === 'late') this.late += 1;
      else {
        this.scored += 1;
        score();
      }
      this.lag = Math.max(this.lag, now() - this.#began - (this.#next / RATE) * 1000);
      this.#next += 1;
    }
    return left;
  }
}

/** The models come first; the decoders share what is left. */
class Machine {
  readonly recordings: Recording[];
  readonly #cores: number;
  readonly #costs: Costs;
  /** Processor time of frames that are not yet scored. */
  #toScore = 0;

  constructor(count: number, cores: number, costs = COSTS) {
    const turns = new DecodingTurns(now);
    this.#cores = cores;
    this.#costs = costs;
    this.recordings = Array.from({ length: count }, () => new Recording(turns, costs));
  }

  /** @returns what was scored of each recording, and was late in all, a second */
  async run(seconds: number) {
    const before = this.recordings.map(({ scored }) => scored);
    const late = this.#late();
    for (const recording of this.recordings) recording.lag = 0;
    for (let at = 0; at < seconds * 1000; at += STEP) {
      await vi.advanceTimersByTimeAsync(STEP);
      this.#step();
    }
    const scored = this.recordings.map((recording, i) => (recording.scored - before[i]!) / seconds);
    return {
      scored,
      sum: scored.reduce((sum, one) => sum + one, 0),
      late: (this.#late() - late) / seconds,
      lag: Math.max(...this.recordings.map(({ lag }) => lag)),
    };
  }

  #late(): number {
    return this.recordings.reduce((sum, { late }) => sum + late, 0);
  }

  #step(): void {
    let time = (this.#cores * STEP) / 1000 - this.#toScore;
    this.#toScore = Math.max(0, -time);
    for (let working = this.#working(); time > 1e-9 && working.length > 0; working = this.#working()) {
      const part = time / working.length;
      time = working.reduce((sum, one) => sum + one.decode(part, this.#costs, () => this.#score()), 0);
    }
  }

  #working(): Recording[] {
    return this.recordings.filter(({ hasWork }) => hasWork);
  }

  #score(): void {
    this.#toScore += this.#costs.score;
  }
}

/** Jain's index: 1 where all get the same. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

test('what a machine has the time for is decoded throughout, and nothing looks after it', async () => {
  const machine = new Machine(16, 2);
  const { scored, late } = await machine.run(60);
  expect(Math.min(...scored)).toBeGreaterThan(9.9);
  expect(late).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

/** Frames a second that two cores could decode and score. */
const MOST = 2 / (COSTS.decode + COSTS.score);

test.each([
  [32, 0.84],
  [64, 0.78],
])(
  'of %s recordings on two cores as many frames are scored as there is the time for, of each as many, and few are decoded in vain',
  async (count, part) => {
    const machine = new Machine(count, 2);
    await machine.run(20);
    const { scored, sum, late } = await machine.run(60);
    expect(sum).toBeGreaterThan(part * MOST);
    expect(late).toBeLessThan(0.2 * sum);
    expect(fairness(scored)).toBeGreaterThan(0.97);
  },
);

test('where all were decoded at a time, most of what is decoded would be late', async () => {
  vi.spyOn(DecodingTurns.prototype, 'open').mockImplementation(() => {
    return { came() {}, wait: () => Promise.resolve(), close() {} };
  });
  const machine = new Machine(64, 2);
  await machine.run(10);
  const { sum, late } = await machine.run(60);
  vi.restoreAllMocks();
  expect(sum).toBeLessThan(0.5 * MOST);
  expect(late).toBeGreaterThan(sum);
});

test('when others end, all that are left are decoded again within five seconds, and nothing looks after them any more', async () => {
  const machine = new Machine(64, 2);
  await machine.run(60);
  for (const { turn } of machine.recordings.splice(12)) turn.close();
  await machine.run(5);
  const { scored } = await machine.run(30);
  expect(Math.min(...scored)).toBeGreaterThan(9.9);
  expect(vi.getTimerCount()).toBe(0);
});

test('where a start takes longer than a turn, frames are scored all the same, and most of the time is not spent on starts', async () => {
  const machine = new Machine(8, 0.15, { ...COSTS, start: 2 });
  await machine.run(60);
  const { sum, scored } = await machine.run(600);
  expect(sum).toBeGreaterThan((0.2 * 0.15) / (COSTS.decode + COSTS.score));
  expect(fairness(scored)).toBeGreaterThan(0.85);
});

test('one that no decoder is fast enough for goes on at once, every five seconds at most', async () => {
  const machine = new Machine(1, 1, { ...COSTS, decode: 0.3 });
  const ends = vi.spyOn(machine.recordings[0]!.turn, 'wait');
  const { lag } = await machine.run(60);
  expect(ends.mock.calls.length).toBeGreaterThan(6);
  expect(ends.mock.calls.length).toBeLessThanOrEqual(12);
  expect(lag).toBeLessThan(5000);
});

test('one that is closed while it waits waits no longer, and one that is closed does not begin to', async () => {
  const turns = new DecodingTurns(now);
  const waits: Promise<void>[] = [];
  const turn = turns.open(() => void waits.push(turn.wait()));
  const other = turns.open(() => {});
  for (const one of [turn, other]) one.came('kept');
  await vi.advanceTimersByTimeAsync(6000);
  turn.came('behind');
  other.came('late');
  await vi.advanceTimersByTimeAsync(1000);
  expect(waits).toHaveLength(1);
  turn.close();
  await waits[0];
  await turn.wait();
  other.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(vi.getTimerCount()).toBe(0);
});
