/** A frame on its way through a stream's queue, and the scoring of its faces. */
import type { ModelTimes, RawReading } from '../../domain/face.ts';
import type { Detection } from '../detection/detected-face.ts';
import type { GrayImage } from '../image/gray-image.ts';
import type { Ensemble, Score } from '../scoring/ensemble.ts';
import type { TrackCrop } from '../tracking/tracker.ts';

/** A stream's next frame, and whom to tell of its readings. */
export interface FrameRequest {
  image: GrayImage;
  /** Seconds. */
  mediaTime: number;
  /** Noted here where that is asked for. */
  times?: ModelTimes | undefined;
  /**
   * @param startedAt when the first run for it began, in milliseconds of `performance.now()`; Infinity without one
   * @param cut whether another scene begins with it
   */
  answer(readings: RawReading[], startedAt: number, cut: boolean): void;
  fail(error: unknown): void;
}

export interface QueuedFrame {
  readonly request: FrameRequest;
  /** Null until the detector has answered. */
  detections: Detection[] | null;
  detectionRequested: boolean;
  /** Another scene begins with it: it goes through the detector, and its tracks begin anew. */
  cut: boolean;
  /** Its tracks have drifted: it goes through the detector even when that is not due. */
  drifted: boolean;
  /** Null while its crops are not cut. */
  pass: ScoringPass | null;
  startedAt: number;
}

/** A run of a model for it is over. @param startedAt when it began, in milliseconds of `performance.now()` */
export function noteRun(frame: QueuedFrame, model: keyof ModelTimes, startedAt: number): void {
  frame.startedAt = Math.min(frame.startedAt, startedAt);
  const { times } = frame.request;
  if (times === undefined) return;
  const { timeOrigin } = performance;
  const from = times[model]?.from ?? timeOrigin + startedAt;
  times[model] = { from, to: timeOrigin + performance.now() };
}

/** One scoring of a frame's faces. A frame whose crops are cut anew begins another, and forgets the scores of this one. */
export interface ScoringPass {
  /** Whether the crops are those of its own detections. */
  detected: boolean;
  crops: TrackCrop[];
  /** In the order of the crops. */
  scores: Score[];
  missingScores: number;
  failure: unknown;
}

export function createQueuedFrame(request: FrameRequest, cut: boolean): QueuedFrame {
  const unknown = { detections: null, detectionRequested: false, drifted: false, pass: null };
  return { request, cut, ...unknown, startedAt: Number.POSITIVE_INFINITY };
}

/** Hands the faces of all crops to the ensemble. */
export function beginScoringPass(
  ensemble: Ensemble,
  frame: QueuedFrame,
  crops: TrackCrop[],
  detected: boolean,
): ScoringPass {
  const pass: ScoringPass = { detected, crops, scores: [], missingScores: 0, failure: null };
  for (const [i, crop] of crops.entries()) scoreCrop(ensemble, frame, pass, i, crop);
  return pass;
}

/** Hands one face to the ensemble: its score becomes the pass's number `i`. */
export function scoreCrop(
  ensemble: Ensemble,
  frame: QueuedFrame,
  pass: ScoringPass,
  i: number,
  crop: TrackCrop,
): void {
  pass.crops[i] = crop;
  pass.missingScores++;
  ensemble.enqueue(
    { image: frame.request.image, toCrop: crop.toCrop },
    {
      onScore(score, startedAt) {
        pass.missingScores--;
        pass.scores[i] = score;
        noteRun(frame, 'scoring', startedAt);
      },
      onError(error) {
        pass.missingScores--;
        pass.failure = error;
      },
    },
  );
}
