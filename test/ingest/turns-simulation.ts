/** Recordings in real time that are more than a machine can decode, on a clock that the test moves (`vi.useFakeTimers`). */
import { vi } from 'vitest';
import { type DecodingTurn, DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { type Punctuality, recordingPunctuality } from '../../src/ingest/frames/punctuality.ts';

export const now = () => Date.now();
/** Frames a second of each recording. */
const RATE = 10;
/** Processor time, in seconds: of what lies between two frames, of a start of ffmpeg, and of scoring a frame. */
export interface Costs {
  decode: number;
  start: number;
  score: number;
  /** Seconds from one key frame to the next: a decoder begins at the one before the place that it is to begin at. */
  keyFrames: number;
}
/** As they were measured of 720p: see decision 0042. */
export const COSTS: Costs = { decode: 0.0024, start: 0.06, score: 0.006, keyFrames: 10 };
/** Milliseconds of one step of the simulation. */
const STEP = 20;
/** Of a circle, as far from one key frame's place in it to the next's as numbers can be told apart. */
const GOLDEN_RATIO = 0.618;

/** One recording: its decoder begins where the clock is, and decodes a tenth of a second ahead. */
class Recording {
  readonly turn: DecodingTurn;
  readonly #pace: Punctuality = recordingPunctuality(10, now);
  readonly #began = now();
  readonly #costs: Costs;
  /** Media time of its first key frame. */
  readonly #firstKeyFrame: number;
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

  constructor(turns: DecodingTurns, costs: Costs, index: number) {
    this.#costs = costs;
    this.#left = costs.start;
    this.#firstKeyFrame = costs.keyFrames * ((index * GOLDEN_RATIO) % 1);
    this.#pace.judge(0);
    this.turn = turns.open(
      () => this.#giveWay(),
      () => this.#sinceKeyFrame(this.#place()),
    );
  }

  #giveWay(): void {
    this.runs = false;
    this.#pace.skipped('late');
    void this.turn.wait().then(() => {
      this.runs = true;
      this.#startedAt = now();
      this.#next = Math.ceil(this.#place() * RATE);
      const { start, decode } = this.#costs;
      this.#left = start + decode * RATE * this.#sinceKeyFrame(this.#place());
    });
  }

  /** Media time at which it would go on now. */
  #place(): number {
    return this.#pace.dueNow() + this.#startup;
  }

  #sinceKeyFrame(mediaTime: number): number {
    const { keyFrames } = this.#costs;
    return (mediaTime + keyFrames - this.#firstKeyFrame) % keyFrames;
  }

  get hasWork(): boolean {
    return this.runs && (this.#startedAt !== null || this.#next <= ((now() - this.#began) / 1000) * RATE + 1);
  }

  /** @returns of the time what was not needed; a frame that is given is scored by `score` */
  decode(time: number, score: () => void): number {
    let left = time;
    while (this.hasWork && left > 0) {
      const spent = Math.min(left, this.#left);
      this.#left -= spent;
      left -= spent;
      if (this.#left > 0) break;
      this.#left = this.#costs.decode;
      this.#came(score);
    }
    return left;
  }

  #came(score: () => void): void {
    if (this.#startedAt !== null) this.#startup = Math.min(2, (now() - this.#startedAt) / 1000);
    this.#startedAt = null;
    const verdict = this.#pace.judge(this.#next / RATE);
    this.turn.came(this.#pace.pace, this.#pace.dueNow() - this.#next / RATE);
    if (verdict === 'late') this.late += 1;
    else {
      this.scored += 1;
      score();
    }
    this.lag = Math.max(this.lag, now() - this.#began - (this.#next / RATE) * 1000);
    this.#next += 1;
  }
}

/** The models come first; the decoders share what is left. */
export class Machine {
  readonly recordings: Recording[];
  readonly #turns = new DecodingTurns(now);
  readonly #cores: number;
  readonly #costs: Costs;
  /** Processor time of frames that are not yet scored. */
  #toScore = 0;

  constructor(count: number, cores: number, costs = COSTS) {
    this.#cores = cores;
    this.#costs = costs;
    this.recordings = [];
    this.add(count);
  }

  add(count: number, costs = this.#costs): void {
    for (let i = 0; i < count; i++)
      this.recordings.push(new Recording(this.#turns, costs, this.recordings.length));
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
      time = working.reduce((sum, one) => sum + one.decode(part, () => this.#score()), 0);
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
export function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}
