/**
 * What the models do next. While a run is in hand crops are cut, and all that are cut by its end are scored together;
 * detections are requested as soon as it is known that they are due, and run while the frames before them are scored.
 * Faces of a stream that reads ahead wait a little for those of its next frames, because a larger run costs less.
 */

import type { Detector } from '../detection/detector.ts';
import type { EnsembleCard } from '../models/model-manifest.ts';
import type { Ensemble } from '../scoring/ensemble.ts';
import { type FrameRequest, noteRun, type QueuedFrame } from './queued-frame.ts';
import { StreamQueue, type Tracking } from './stream-queue.ts';

export interface BatchSchedulerDeps {
  detector: Detector;
  ensemble: Ensemble;
  card: EnsembleCard;
  /** Runs that may be in hand at a time. */
  modelThreads: number;
  /** Faces in one run of the ensemble. */
  maxBatch: number;
  /** A run is over: so many images went through the detector, or so many faces were scored. */
  onRun(model: 'detector' | 'ensemble', count: number): void;
  /** The queues have advanced: frames may have been answered. */
  onAdvanced(): void;
}

interface DetectionRequest {
  queue: StreamQueue;
  frame: QueuedFrame;
}

/**
 * Images in one detection: more in one run would bring nothing, and let the faces wait. Where threads share them out, eight
 * took as long as eight runs of one, so few are in a run, and none waits long for its own answer.
 */
const MAX_DETECTION_BATCH = { alone: 8, shared: 2 };
/**
 * Faces of a run that leaves as many to the next thread. To begin a run costs as much as a face: split in two, eight faces
 * took a tenth more processor time than in one run, and half as long.
 */
const MIN_SHARE = 4;
/** Milliseconds that faces wait for others, at most: in that time a recording of 720p gives more frames than they wait for. */
const MAX_WAIT_MS = 30;

export class BatchScheduler {
  readonly #deps: BatchSchedulerDeps;
  readonly #queues = new Map<number, StreamQueue>();
  #detectionRequests: DetectionRequest[] = [];
  #runsInHand = 0;
  #lastRunWasDetection = false;
  #advanceIsDue = false;
  /** Runs while faces wait for others to join their run. */
  #wait: NodeJS.Timeout | undefined;
  #waitIsOver = false;

  constructor(deps: BatchSchedulerDeps) {
    this.#deps = deps;
  }

  open(stream: number, tracking: Tracking): void {
    const { ensemble, card } = this.#deps;
    const requestDetection = (frame: QueuedFrame) => {
      frame.detectionRequested = true;
      this.#detectionRequests.push({ queue, frame });
    };
    const queue: StreamQueue = new StreamQueue({ ...tracking, ensemble, card, requestDetection });
    this.#queues.set(stream, queue);
  }

  close(stream: number): void {
    const closed = this.#queues.get(stream);
    this.#queues.delete(stream);
    this.#detectionRequests = this.#detectionRequests.filter(({ queue }) => queue !== closed);
  }

  add(stream: number, request: FrameRequest): void {
    this.#queues.get(stream)?.add(request);
    this.#advanceSoon();
  }

  /** After the messages that have arrived are read: without that, two streams would be scored in turns, not together. */
  #advanceSoon(): void {
    if (this.#advanceIsDue) return;
    this.#advanceIsDue = true;
    setImmediate(() => {
      this.#advanceIsDue = false;
      for (const queue of this.#queues.values()) queue.advance();
      this.#startRuns();
      this.#deps.onAdvanced();
    });
  }

  /** Starts the runs that are possible. A full run has no others to wait for, and is handed over while all threads are busy. */
  #startRuns(): void {
    const { ensemble, modelThreads, maxBatch } = this.#deps;
    for (;;) {
      const { pendingFaces } = ensemble;
      const share = this.#shareOf(pendingFaces);
      const isFull = pendingFaces >= (modelThreads === 1 ? maxBatch : Math.max(share, MIN_SHARE));
      if (this.#runsInHand >= (isFull ? modelThreads + 1 : modelThreads)) return;
      const canScore = pendingFaces > 0 && this.#isTimeToScore();
      const facesFirst = canScore && this.#lastRunWasDetection;
      if (this.#detectionRequests.length > 0 && !facesFirst) void this.#run('detector', this.#detect());
      else if (canScore) void this.#score(share);
      else return;
    }
  }

  /** Whether the faces that wait are scored now: the run is full, one of the streams is ready, or they have waited long enough. */
  #isTimeToScore(): boolean {
    const isFull = this.#deps.ensemble.pendingFaces >= this.#deps.maxBatch;
    if (isFull || this.#waitIsOver || [...this.#queues.values()].some((queue) => queue.isReadyToScore))
      return true;
    this.#wait ??= setTimeout(() => {
      this.#waitIsOver = true;
      this.#startRuns();
    }, MAX_WAIT_MS);
    return false;
  }

  #score(share: number): Promise<void> {
    clearTimeout(this.#wait);
    this.#wait = undefined;
    this.#waitIsOver = false;
    return this.#run('ensemble', this.#deps.ensemble.run(share));
  }

  /** Faces of the next run: one thread's share. The fewer are left the smaller it is, so that the threads end together. */
  #shareOf(pendingFaces: number): number {
    const { modelThreads, maxBatch } = this.#deps;
    const share = pendingFaces < 2 * MIN_SHARE ? pendingFaces : Math.ceil(pendingFaces / modelThreads);
    return Math.min(maxBatch, share);
  }

  async #run(model: 'detector' | 'ensemble', work: Promise<number>): Promise<void> {
    this.#runsInHand++;
    this.#lastRunWasDetection = model === 'detector';
    const count = await work;
    this.#runsInHand--;
    this.#deps.onRun(model, count);
    // Faces that are cut already do not wait until the answers are read.
    this.#startRuns();
    this.#advanceSoon();
  }

  /** Answers the first requests together, or one by one where that fails. Resolves to their number. */
  async #detect(): Promise<number> {
    const requests = this.#detectionRequests.splice(0, this.#detectionShare);
    try {
      await this.#detectTogether(requests);
    } catch {
      for (const request of requests) {
        const { queue, frame } = request;
        await this.#detectTogether([request]).catch((error: unknown) => queue.fail(frame, error));
      }
    }
    return requests.length;
  }

  /** Images of the next detection, so that each thread without work has as many. */
  get #detectionShare(): number {
    const { modelThreads } = this.#deps;
    const freeThreads = Math.max(1, modelThreads - this.#runsInHand);
    const max = modelThreads === 1 ? MAX_DETECTION_BATCH.alone : MAX_DETECTION_BATCH.shared;
    return Math.min(max, Math.ceil(this.#detectionRequests.length / freeThreads));
  }

  async #detectTogether(requests: readonly DetectionRequest[]): Promise<void> {
    const startedAt = performance.now();
    const detections = await this.#deps.detector.detect(requests.map(({ frame }) => frame.request.image));
    for (const [i, { frame }] of requests.entries()) {
      frame.detections = detections[i]!;
      noteRun(frame, 'detection', startedAt);
    }
  }
}
