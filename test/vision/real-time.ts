/** Streams in real time before a scheduler whose models take a known time, in threads of their own, on a clock that nothing waits for. */
import type { Frame } from '../../src/domain/frame.ts';
import { Detector } from '../../src/vision/detection/detector.ts';
import type { DetectorCard, EnsembleCard } from '../../src/vision/models/model-manifest.ts';
import type { ModelInput, ModelOutput, RunnableModel } from '../../src/vision/models/model-session.ts';
import { Ensemble } from '../../src/vision/scoring/ensemble.ts';
import { DetectionTiming } from '../../src/vision/tracking/detection-timing.ts';
import { Tracker } from '../../src/vision/tracking/tracker.ts';
import { BatchScheduler } from '../../src/vision/workers/batch-scheduler.ts';
import { squares } from '../helpers/squares.ts';
import { TEMPLATE } from '../helpers/tiny-models.ts';

/** Milliseconds that a run takes, as those of the shipped models on a slow core. */
const COST = { detector: (images: number) => 5 * images, ensemble: (faces: number) => 2 + 2.5 * faces };
const SIZE = 48;
const RATE = 10;
const THREADS = 2;

type Model = keyof typeof COST;

export interface RealTime {
  scored: number;
  /** Frames that a newer one replaced while the one before them was being scored. */
  dropped: number;
  /** Milliseconds from a frame to its readings, in ascending order; without the first second, in which all begin. */
  latencies: number[];
  /** The images or faces of each run, with when it began. */
  runs: { model: Model; count: number; at: number }[];
}

interface Options {
  streams: number;
  seconds: number;
  /** Of each stream; null: it takes no turns at the detector. */
  turnOf(stream: number): number | null;
  /** Milliseconds after the first stream's. */
  startOf?(stream: number): number;
}

/** Streams of one face that stands still, ten frames a second each, of which the newest is kept while one is scored. */
export async function playInRealTime({
  streams,
  seconds,
  turnOf,
  startOf = () => 0,
}: Options): Promise<RealTime> {
  const clock = new Clock();
  const threads = new Array<number>(THREADS).fill(0);
  const seen: RealTime = { scored: 0, dropped: 0, latencies: [], runs: [] };
  const runOn = (model: Model, answer: (count: number) => Record<string, ModelOutput>): RunnableModel => ({
    run({ dims: [count] }: ModelInput) {
      const thread = threads.indexOf(Math.min(...threads));
      const at = Math.max(clock.now, threads[thread]!);
      threads[thread] = at + COST[model](count);
      seen.runs.push({ model, count, at });
      return new Promise((resolve) => clock.at(threads[thread]!, () => resolve(answer(count))));
    },
  });
  const scheduler = new BatchScheduler({
    detector: new Detector(runOn('detector', detected), detectorCard, 0.25),
    ensemble: new Ensemble(runOn('ensemble', scored), ensembleCard),
    card: ensembleCard,
    modelThreads: THREADS,
    maxBatch: 32,
    onRun() {},
    onAdvanced() {},
  });
  const { pixels, ...size } = squares([]);
  for (let stream = 0; stream < streams; stream++) {
    const tracker = new Tracker(trackerOptions);
    scheduler.open(stream, { tracker, timing: new DetectionTiming(5, tracker, turnOf(stream)) });
    const session = new LiveSession(
      seen,
      clock,
      (frame) =>
        new Promise((answer, fail) => {
          scheduler.add(stream, { image: { pixels, ...size }, mediaTime: frame.mediaTime, answer, fail });
        }),
    );
    for (let i = 0; i < seconds * RATE; i++) {
      const mediaTime = i / RATE;
      clock.at(startOf(stream) + mediaTime * 1000, () =>
        session.put({ ...size, pixels, mediaTime, wallTime: 0, dropped: {} }),
      );
    }
  }
  await clock.run();
  seen.latencies.sort((a, b) => a - b);
  return seen;
}

/** Things that happen at known milliseconds. */
class Clock {
  now = 0;
  #events: { at: number; happen: () => void }[] = [];

  at(time: number, happen: () => void): void {
    this.#events.push({ at: time, happen });
  }

  /** Until nothing is to come. What happens at one time happens together, as messages that have arrived do. */
  async run(): Promise<void> {
    while (this.#events.length > 0) {
      this.now = Math.min(...this.#events.map(({ at }) => at));
      const due = this.#events.filter(({ at }) => at === this.now);
      this.#events = this.#events.filter(({ at }) => at !== this.now);
      for (const { happen } of due) happen();
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Holds the newest frame while another is scored, as a session of a live source does. */
class LiveSession {
  readonly #seen: RealTime;
  readonly #clock: Clock;
  readonly #analyse: (frame: Frame) => Promise<unknown>;
  #waiting: { frame: Frame; since: number } | null = null;
  #isBusy = false;

  constructor(seen: RealTime, clock: Clock, analyse: (frame: Frame) => Promise<unknown>) {
    this.#seen = seen;
    this.#clock = clock;
    this.#analyse = analyse;
  }

  put(frame: Frame): void {
    if (this.#waiting) this.#seen.dropped++;
    this.#waiting = { frame, since: this.#clock.now };
    if (!this.#isBusy) void this.#score();
  }

  async #score(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting) {
      const { frame, since } = this.#waiting;
      this.#waiting = null;
      await this.#analyse(frame);
      this.#seen.scored++;
      if (frame.mediaTime >= 1) this.#seen.latencies.push(this.#clock.now - since);
    }
    this.#isBusy = false;
  }
}

const trackerOptions = {
  template: TEMPLATE.flat().map((v) => v * SIZE),
  cropSize: SIZE,
  highConfidence: 0.5,
  activation: { score: 0.75, quality: 0.25 },
  firstTrackId: 1,
};

const common = { version: '1', license: 'MIT', sha256: '', trainingData: [], metrics: {} };
const detectorCard: DetectorCard = {
  ...common,
  name: 'fake-detector',
  file: 'detector.onnx',
  input: { name: 'frames', pixelFormat: 'gray8', multipleOf: 32, longerSide: 320 },
  thresholds: { score: 0.5, nms: 0.4, minFace: 12 },
};
const ensembleCard: EnsembleCard = {
  ...common,
  name: 'fake-ensemble',
  file: 'ensemble.onnx',
  input: { name: 'faces', pixelFormat: 'gray8', size: SIZE },
  crop: { template: TEMPLATE.map(([x, y]) => [x, y]), supersampling: 1, border: 'replicate' },
  labels: ['NEUTRAL', 'HAPPINESS', 'SADNESS', 'SURPRISE', 'FEAR', 'DISGUST', 'ANGER', 'CONTEMPT'],
  actionUnits: [],
  landmarks: 'multi-pie-68',
  thresholds: {
    confidence: 0.3,
    quality: 0.25,
    issues: { small: 32, blurred: 0, turned: 40, covered: 0.4, dark: 40 },
  },
};

/** A face of 60 pixels in each image, at one place. */
function detected(count: number): Record<string, ModelOutput> {
  const landmarks = TEMPLATE.flatMap(([u, v]) => [70 + u * 60, 60 + v * 60]);
  return {
    boxes: repeated(count, [1, 4], [70, 60, 130, 120]),
    scores: repeated(count, [1], [0.9]),
    landmarks: repeated(count, [1, 5, 2], landmarks),
  };
}

/** Sees each face where the template has it. */
function scored(count: number): Record<string, ModelOutput> {
  const point = new Array<readonly [number, number]>(68).fill([0.5, 0.5]);
  const of = (index: number) => TEMPLATE[index]!;
  for (let i = 36; i < 42; i++) point[i] = of(0);
  for (let i = 42; i < 48; i++) point[i] = of(1);
  [point[30], point[48], point[54]] = [of(2), of(3), of(4)];
  const expression = [1, 0, 0, 0, 0, 0, 0, 0];
  return {
    expression: repeated(count, [8], expression),
    members: { data: repeated(count, [8], expression).data, dims: [1, count, 8] },
    valence_arousal: repeated(count, [2], [0, 0]),
    action_units: repeated(count, [0], []),
    landmarks: repeated(count, [68, 2], point.flat()),
    pose: repeated(count, [3], [0, 0, 0]),
    quality: repeated(count, [], [0.9]),
  };
}

function repeated(count: number, dims: readonly number[], one: readonly number[]): ModelOutput {
  return {
    data: Float32Array.from({ length: count * one.length }, (_, i) => one[i % one.length]!),
    dims: [count, ...dims],
  };
}
