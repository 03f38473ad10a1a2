/** Faces on paper, and a tracker with its timing, used as a stream's queue uses them. */
import type { Detection } from '../../src/vision/detection/detected-face.ts';
import { mapPoints } from '../../src/vision/image/geometry.ts';
import { DetectionTiming } from '../../src/vision/tracking/detection-timing.ts';
import { hasDrifted } from '../../src/vision/tracking/drift.ts';
import type { Observation } from '../../src/vision/tracking/track.ts';
import { type TrackCrop, Tracker, type TrackerOptions } from '../../src/vision/tracking/tracker.ts';
import { TEMPLATE } from '../helpers/tiny-models.ts';

const SIZE = 48;
export const template = TEMPLATE.flat().map((v) => v * SIZE);
/** Frames per second. */
export const RATE = 10;

export class Tracking {
  readonly #options: TrackerOptions;
  readonly #tracker: Tracker;
  readonly #timing: DetectionTiming;

  constructor(changes: Partial<TrackerOptions> = {}, turn: number | null = null) {
    const activation = { score: 0.95, quality: 0.5 };
    this.#options = {
      template,
      cropSize: SIZE,
      highConfidence: 0.5,
      activation,
      firstTrackId: 1,
      ...changes,
    };
    this.#tracker = new Tracker(this.#options);
    this.#timing = new DetectionTiming(5, this.#tracker, turn);
  }

  get inDoubt(): boolean {
    return this.#timing.inDoubt;
  }

  isDue(time: number, pendingTimes?: readonly number[]): boolean {
    return this.#timing.isDue(time, pendingTimes);
  }

  update(detections: Detection[], time: number): TrackCrop[] {
    this.#timing.noteDetection(time);
    return this.#tracker.update(detections, time);
  }

  propagate(): TrackCrop[] {
    return this.#tracker.propagate();
  }

  realign(crop: TrackCrop, observation: Observation): TrackCrop | null {
    return this.#tracker.realign(crop, observation);
  }

  hasDrifted(crops: TrackCrop[], observations: Observation[]): boolean {
    return hasDrifted(crops, observations, this.#options);
  }

  commit(crops: TrackCrop[], observations: Observation[], time: number): boolean[] {
    this.#timing.noteCommit(time);
    return this.#tracker.commit(crops, observations, time);
  }

  /** A frame that goes through the detector; the ensemble sees what was detected, in this quality. Returns x by track. */
  step(time: number, detections: Detection[], quality = (_: Detection) => 0.9): Record<number, number> {
    const crops = this.update(detections, time);
    const observations = crops.map((crop) => observe(crop, crop.detection!, quality(crop.detection!)));
    const reported = this.commit(crops, observations, time);
    const faces = crops.filter((_, i) => reported[i]);
    return Object.fromEntries(faces.map(({ track }) => [track.id, (track.box.x1 + track.box.x2) / 2]));
  }
}

/** A face of `size` pixels around (x, y). */
export function face(x: number, y = 100, size = 40, score = 0.9): Detection {
  const half = size / 2;
  const landmarks5 = Float64Array.from(
    TEMPLATE.flatMap(([u, v]) => [x + (u - 0.5) * size, y + (v - 0.5) * size]),
  );
  return { box: { x1: x - half, y1: y - half, x2: x + half, y2: y + half }, landmarks5, score };
}

/** What the ensemble sees of a face that really is where `where` says. */
export function observe({ toCrop }: TrackCrop, where: Detection, quality = 0.9): Observation {
  return { landmarks5: mapPoints(toCrop, where.landmarks5), quality };
}
