/**
 * One stream's frames, in their order. Each frame
 *  1. goes through the detector, where that is due;
 *  2. has the crops of its tracks cut, and their faces scored by the ensemble;
 *  3. is committed: the tracks move, and the readings are answered.
 * Frames between two detections do not depend on each other, so all that wait are cut at once and scored together. When
 * one of them shows that the next has to go through the detector, those behind it start again at 1. So the readings are
 * those that the frames would have had one by one. With a frame in which another scene begins, all tracks end before 1.
 */
import type { RawReading } from '../../domain/face.ts';
import { RECORDING_READ_AHEAD } from '../../domain/read-ahead.ts';
import type { GrayImage } from '../image/gray-image.ts';
import type { EnsembleCard } from '../models/model-manifest.ts';
import type { Ensemble } from '../scoring/ensemble.ts';
import { landmarks5Of } from '../scoring/landmarks68-to-5.ts';
import { readingOf } from '../scoring/reading.ts';
import type { DetectionTiming } from '../tracking/detection-timing.ts';
import { hasDrifted } from '../tracking/drift.ts';
import { SceneCuts } from '../tracking/scene-cuts.ts';
import type { Observation } from '../tracking/track.ts';
import type { Tracker } from '../tracking/tracker.ts';
import {
  beginScoringPass,
  createQueuedFrame,
  type FrameRequest,
  type QueuedFrame,
  type ScoringPass,
  scoreCrop,
} from './queued-frame.ts';

/** One stream's tracks, and when its frames go through the detector. */
export interface Tracking {
  tracker: Tracker;
  timing: DetectionTiming;
}

export interface StreamQueueDeps extends Tracking {
  ensemble: Ensemble;
  card: EnsembleCard;
  /** Asks the detector to fill in the frame's `detections`. */
  requestDetection(frame: QueuedFrame): void;
}

export class StreamQueue {
  readonly #deps: StreamQueueDeps;
  /** Frames whose crops are not cut. */
  readonly #waiting: QueuedFrame[] = [];
  /** The frames before them, whose faces are with the ensemble. */
  readonly #scoring: QueuedFrame[] = [];
  /** Whether a frame came before the one before it was answered, as those of a recording do: the next will follow soon. */
  #readsAhead = false;
  /** Of the frame whose crops were cut last. */
  #size: Pick<GrayImage, 'width' | 'height'> | null = null;
  readonly #cuts = new SceneCuts();
  /** A frame with which another scene began was not answered: it begins with the next one. */
  #cutIsPending = false;

  constructor(deps: StreamQueueDeps) {
    this.#deps = deps;
  }

  add(request: FrameRequest): void {
    this.#readsAhead ||= this.#waiting.length + this.#scoring.length > 0;
    this.#waiting.push(createQueuedFrame(request, this.#cuts.isCut(request.image, request.mediaTime)));
  }

  /** Commits the frames that are scored, and hands the ensemble those that may be, until neither is possible. */
  advance(): void {
    do this.#commitScored();
    while (this.#beginScoring());
  }

  /** The detector failed on this frame, which is not answered. */
  fail(frame: QueuedFrame, error: unknown): void {
    const at = this.#waiting.indexOf(frame);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#fail(frame, error);
  }

  /** Whether it has faces for the ensemble, and no further frame of its own could be scored together with them. */
  get isReadyToScore(): boolean {
    const last = this.#scoring.at(-1)?.request;
    if (last === undefined) return false;
    if (!this.#readsAhead || this.#waiting.length > 0) return true;
    if (this.#scoring.length >= RECORDING_READ_AHEAD.scoring) return true;
    const times = this.#scoring.map(({ request }) => request.mediaTime);
    const interval = times.length > 1 ? last.mediaTime - times.at(-2)! : 0;
    return this.#deps.timing.isDue(last.mediaTime + interval, times);
  }

  #commitScored(): void {
    for (let frame = this.#scoring[0]; frame?.pass?.missingScores === 0; frame = this.#scoring[0]) {
      this.#scoring.shift();
      this.#commit(frame, frame.pass);
      // A frame whose crops were realigned is not done: what it shows of the tracks is yet to come.
      if (this.#scoring[0] !== frame && this.#deps.timing.inDoubt) this.#startAgain(this.#scoring);
    }
  }

  #commit(frame: QueuedFrame, pass: ScoringPass): void {
    const { card } = this.#deps;
    if (pass.failure !== null) {
      this.#startAgain(this.#scoring);
      this.#fail(frame, pass.failure);
      return;
    }
    const observations = pass.scores.map(({ landmarks, quality }) => ({
      landmarks5: landmarks5Of(landmarks, card.input.size),
      quality,
    }));
    const drift = { cropSize: card.input.size, minFaceQuality: card.thresholds.face };
    if (!pass.detected && hasDrifted(pass.crops, observations, drift)) {
      frame.drifted = true;
      this.#startAgain([frame, ...this.#scoring]);
      return;
    }
    if (pass.detected && this.#realign(frame, pass, observations)) return;
    frame.request.answer(this.#readingsOf(frame, pass, observations), frame.startedAt, frame.cut);
  }

  /** Cuts the crops of new faces once more, by what was seen in them. Whether there are any. */
  #realign(frame: QueuedFrame, pass: ScoringPass, observations: readonly Observation[]): boolean {
    const { tracker, ensemble } = this.#deps;
    const realigned = pass.crops.map((crop, i) => tracker.realign(crop, observations[i]!));
    if (realigned.every((crop) => crop === null)) return false;
    this.#startAgain(this.#scoring);
    this.#scoring.push(frame);
    for (const [i, crop] of realigned.entries()) if (crop) scoreCrop(ensemble, frame, pass, i, crop);
    return true;
  }

  /** Moves the tracks. Returns what is reported, by track. */
  #readingsOf(
    { request }: QueuedFrame,
    { crops, scores }: ScoringPass,
    observations: readonly Observation[],
  ): RawReading[] {
    const { tracker, timing, card } = this.#deps;
    const reported = tracker.commit(crops, observations, request.mediaTime);
    timing.noteCommit(request.mediaTime);
    const readings = crops.flatMap((crop, i) =>
      reported[i] ? [readingOf(card, request.image, crop, scores[i]!)] : [],
    );
    return readings.sort((p, q) => p.track - q.track);
  }

  /** Back to waiting: their crops will be cut anew. */
  #startAgain(frames: readonly QueuedFrame[]): void {
    for (const frame of frames) frame.pass = null;
    this.#waiting.unshift(...frames);
    this.#scoring.length = 0;
  }

  /** Hands the ensemble the frames of which it is known where their faces are. Whether there was one. */
  #beginScoring(): boolean {
    const { timing, requestDetection } = this.#deps;
    const before = this.#scoring.length;
    for (let frame = this.#waiting[0]; frame; frame = this.#waiting[0]) {
      const pendingTimes = this.#scoring.map(({ request }) => request.mediaTime);
      const mustWait = pendingTimes.length > 0;
      // What the frames before it will show of the tracks comes first.
      if (mustWait && timing.inDoubt) break;
      frame.cut ||= this.#cutIsPending;
      this.#cutIsPending = false;
      const isDue = this.#mustDetect(frame) || timing.isDue(frame.request.mediaTime, pendingTimes);
      if (isDue && !frame.detectionRequested) requestDetection(frame);
      if (isDue && (mustWait || !frame.detections)) break;
      this.#waiting.shift();
      this.#cutCrops(frame, isDue ? frame.detections : null);
    }
    return this.#scoring.length > before;
  }

  /** Its faces are not where those of the frame before were. */
  #mustDetect(frame: QueuedFrame): boolean {
    return frame.cut || frame.drifted || this.#isResized(frame);
  }

  #isResized({ request: { image } }: QueuedFrame): boolean {
    return this.#size !== null && (image.width !== this.#size.width || image.height !== this.#size.height);
  }

  /** Tracks go on in pictures of another size, where the face is at the same place of them. */
  #resizeTracks(frame: QueuedFrame): void {
    const { width, height } = frame.request.image;
    if (this.#size && this.#isResized(frame)) {
      this.#deps.tracker.resize(width / this.#size.width, height / this.#size.height);
    }
    this.#size = { width, height };
  }

  /** @param detections null: the tracks are propagated */
  #cutCrops(frame: QueuedFrame, detections: QueuedFrame['detections']): void {
    const { tracker, timing, ensemble } = this.#deps;
    const { mediaTime } = frame.request;
    try {
      if (frame.cut) tracker.endAll();
      this.#resizeTracks(frame);
      if (detections) timing.noteDetection(mediaTime);
      const crops = detections ? tracker.update(detections, mediaTime) : tracker.propagate();
      frame.pass = beginScoringPass(ensemble, frame, crops, detections !== null);
      this.#scoring.push(frame);
    } catch (error) {
      this.#fail(frame, error);
    }
  }

  #fail(frame: QueuedFrame, error: unknown): void {
    this.#cutIsPending ||= frame.cut;
    frame.request.fail(error);
  }
}
