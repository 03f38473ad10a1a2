/** A vision worker's answers: frames that are answered together are told to the main thread together. */
import type { Detector } from '../detection/detector.ts';
import type { ModelKind } from '../models/precision.ts';
import type { ModelClients } from './model-client.ts';
import { packReadings } from './pack-readings.ts';
import type { FrameRequest } from './queued-frame.ts';
import type { FrameMessage, FrameResult, ResultsMessage, WorkReport } from './worker-protocol.ts';

/** Sums since the worker's start, which are reported by difference. */
type Sums = Pick<WorkReport, 'detectionSeconds' | 'ensembleSeconds' | 'halfSizeDetections'>;

export class ResultSender {
  readonly #actionUnits: number;
  readonly #models: Pick<ModelClients, ModelKind>;
  readonly #detector: Pick<Detector, 'halfSizeDetections'>;
  readonly #post: (message: ResultsMessage, transfer: ArrayBuffer[]) => void;
  #results: FrameResult[] = [];
  #batchSizes: number[] = [];
  #detectedFrames = 0;
  #totalSeconds = 0;
  #reported: Sums;

  /** @param actionUnits number of action units that the ensemble tells */
  constructor(
    actionUnits: number,
    models: Pick<ModelClients, ModelKind>,
    detector: Pick<Detector, 'halfSizeDetections'>,
    post: (message: ResultsMessage, transfer: ArrayBuffer[]) => void,
  ) {
    this.#actionUnits = actionUnits;
    this.#models = models;
    this.#detector = detector;
    this.#post = post;
    // What they did before, they did to be measured.
    this.#reported = this.#sums();
  }

  /** A frame whose answer will be among the results. */
  requestOf({ id, pixels, width, height, mediaTime, timed }: FrameMessage): FrameRequest {
    const times = timed ? { detection: null, scoring: null } : undefined;
    return {
      image: { pixels, width, height },
      ...{ mediaTime, times },
      answer: (readings, startedAt, cut) => {
        this.#results.push({ id, faces: packReadings(readings, this.#actionUnits), cut, times });
        // A frame without detection or faces took no run.
        if (startedAt === Number.POSITIVE_INFINITY) return;
        this.#totalSeconds = Math.max(this.#totalSeconds, (performance.now() - startedAt) / 1000);
      },
      fail: (error) => void this.#results.push({ id, faces: null, cut: false, error: String(error) }),
    };
  }

  /** Notes a run of so many images or faces. */
  noteRun(model: ModelKind, count: number): void {
    if (model === 'detector') this.#detectedFrames += count;
    else this.#batchSizes.push(count);
  }

  /** Posts the frames that were answered since the last call, if there are any. */
  send(): void {
    const results = this.#results;
    if (results.length === 0) return;
    const transfer = results.flatMap(({ faces }) => (faces ? [faces.buffer as ArrayBuffer] : []));
    this.#post({ type: 'results', results, work: this.#report() }, transfer);
    [this.#results, this.#batchSizes, this.#detectedFrames, this.#totalSeconds] = [[], [], 0, 0];
  }

  #report(): WorkReport {
    const before = this.#reported;
    const now = this.#sums();
    this.#reported = now;
    return {
      frames: this.#results.length,
      batchSizes: this.#batchSizes,
      detectedFrames: this.#detectedFrames,
      halfSizeDetections: now.halfSizeDetections - before.halfSizeDetections,
      detectionSeconds: now.detectionSeconds - before.detectionSeconds,
      ensembleSeconds: now.ensembleSeconds - before.ensembleSeconds,
      totalSeconds: this.#totalSeconds,
    };
  }

  #sums(): Sums {
    return {
      detectionSeconds: this.#models.detector.seconds,
      ensembleSeconds: this.#models.ensemble.seconds,
      halfSizeDetections: this.#detector.halfSizeDetections,
    };
  }
}
