/**
 * When a frame is given to the detector: every few frames, and at once where a track is in doubt. In between, tracks are
 * propagated in the crops of the last detection.
 */
import { leavesCrop } from './motion.ts';
import type { Track } from './track.ts';

/** Seconds of media time from one scheduled detection to the next, at most. */
const MAX_DETECTION_INTERVAL = 0.5;
/** Seconds of media time from one frame to the next over which tracks are propagated, at most. */
const MAX_PROPAGATION_GAP = 0.25;
/** Frames from one detection to the next while there is no track. */
const DETECT_EVERY_WITHOUT_TRACKS = 2;

export class DetectionTiming {
  readonly #detectEvery: number;
  readonly #tracker: { readonly tracks: readonly Track[] };
  /** Frames since the last scheduled detection, and its time. A detection for a doubt does not put the next one off. */
  #framesSince = Number.POSITIVE_INFINITY;
  #scheduledAt = Number.NEGATIVE_INFINITY;
  /** Media time of the last frame that was committed. */
  #time = Number.NEGATIVE_INFINITY;

  /** @param detectEvery frames from one detection to the next while no track is in doubt */
  constructor(detectEvery: number, tracker: { readonly tracks: readonly Track[] }) {
    this.#detectEvery = detectEvery;
    this.#tracker = tracker;
  }

  /**
   * Whether the frame at `time` goes through the detector: it is its turn, or a track is in doubt.
   * @param pendingTimes of the frames between the last committed one and this one
   */
  isDue(time: number, pendingTimes: readonly number[] = []): boolean {
    const last = pendingTimes.at(-1) ?? this.#time;
    const gap = time - last > MAX_PROPAGATION_GAP || time < last;
    return this.#isScheduled(time, pendingTimes.length) || gap || this.inDoubt;
  }

  /** Whether the next frame must go through the detector, whichever it is: a track is tentative, missed or moves fast. */
  get inDoubt(): boolean {
    return this.#tracker.tracks.some(
      ({ id, missedFrames, fastMoving }) => id === 0 || missedFrames > 0 || fastMoving,
    );
  }

  /** Notes that the frame at `time` went through the detector; called before the tracker is told of its detections. */
  noteDetection(time: number): void {
    if (this.#isScheduled(time, 0) || time < this.#time) [this.#framesSince, this.#scheduledAt] = [-1, time];
  }

  /** Notes that the frame at `time` is done. */
  noteCommit(time: number): void {
    this.#framesSince++;
    this.#time = time;
  }

  #isScheduled(time: number, pendingFrames: number): boolean {
    const { tracks } = this.#tracker;
    const every =
      tracks.length === 0 ? Math.min(DETECT_EVERY_WITHOUT_TRACKS, this.#detectEvery) : this.#detectEvery;
    if (this.#framesSince + pendingFrames + 1 >= every) return true;
    if (time - this.#scheduledAt >= MAX_DETECTION_INTERVAL) return true;
    return tracks.some(({ motionRate, croppedAt }) => leavesCrop(motionRate, time - croppedAt));
  }
}
