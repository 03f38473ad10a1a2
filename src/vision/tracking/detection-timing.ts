/**
 * When a frame is given to the detector: every few frames, and at once where a track is in doubt. In between, tracks are
 * propagated in the crops of the last detection, however far apart the frames are: whether a face is still in its crop is
 * seen by the ensemble (`drift.ts`). So a frame does not cost more because frames before it were dropped.
 */
import { leavesCrop } from './motion.ts';
import type { Track } from './track.ts';

/** Seconds of media time from one scheduled detection to the next, at most, unless only one frame comes in that time. */
const MAX_DETECTION_INTERVAL = 1;
/** Frames from one scheduled detection to the next, at least. */
const MIN_DETECTION_FRAMES = 2;
/** Frames from one detection to the next while there is no track. */
const DETECT_EVERY_WITHOUT_TRACKS = 2;

export class DetectionTiming {
  readonly #detectEvery: number;
  readonly #tracker: { readonly tracks: readonly Track[] };
  readonly #turn: number | null;
  /** Frames that were committed. */
  #frames = 0;
  /** Frames since the last scheduled detection, and its time. A detection for a doubt does not put the next one off. */
  #framesSince = Number.POSITIVE_INFINITY;
  #scheduledAt = Number.NEGATIVE_INFINITY;
  /** Media time of the last frame that was committed. */
  #time = Number.NEGATIVE_INFINITY;

  /**
   * @param detectEvery frames from one detection to the next while no track is in doubt
   * @param turn 0 to `detectEvery` - 1: streams that began together and have different turns are detected in different
   *   frames; null: nothing but the stream's own frames decides
   */
  constructor(
    detectEvery: number,
    tracker: { readonly tracks: readonly Track[] },
    turn: number | null = null,
  ) {
    this.#detectEvery = detectEvery;
    this.#tracker = tracker;
    this.#turn = turn;
  }

  /**
   * Whether the frame at `time` goes through the detector: it is its turn, or a track is in doubt.
   * @param pendingTimes of the frames between the last committed one and this one
   */
  isDue(time: number, pendingTimes: readonly number[] = []): boolean {
    const wentBack = time < (pendingTimes.at(-1) ?? this.#time);
    return this.#isScheduled(time, pendingTimes.length) || wentBack || this.inDoubt;
  }

  /** Whether the next frame must go through the detector, whichever it is: a track is tentative, missed or moves fast. */
  get inDoubt(): boolean {
    return this.#tracker.tracks.some(
      ({ id, missedFrames, fastMoving }) => id === 0 || missedFrames > 0 || fastMoving,
    );
  }

  /** Notes that the frame at `time` went through the detector; called before the tracker is told of its detections. */
  noteDetection(time: number): void {
    if (!this.#isScheduled(time, 0) && time >= this.#time) return;
    const earlier = this.#framesEarlier();
    [this.#framesSince, this.#scheduledAt] = [earlier - 1, time];
  }

  /** Notes that the frame at `time` is done. */
  noteCommit(time: number): void {
    this.#framesSince++;
    this.#frames++;
    this.#time = time;
  }

  /**
   * How many frames earlier than usual the next detection is due, for the stream to come to its turn: all that are missing
   * after the first one, one at a time when streams have come into step since (all waited for something, or faces moved).
   */
  #framesEarlier(): number {
    if (this.#turn === null) return 0;
    if (this.#frames === 0) return this.#turn;
    return (this.#frames + this.#turn) % this.#interval === 0 ? 0 : 1;
  }

  /** Frames from one scheduled detection to the next. */
  get #interval(): number {
    const { length } = this.#tracker.tracks;
    return length === 0 ? Math.min(DETECT_EVERY_WITHOUT_TRACKS, this.#detectEvery) : this.#detectEvery;
  }

  #isScheduled(time: number, pendingFrames: number): boolean {
    const frames = this.#framesSince + pendingFrames + 1;
    if (frames >= this.#interval) return true;
    if (frames >= MIN_DETECTION_FRAMES && time - this.#scheduledAt >= MAX_DETECTION_INTERVAL) return true;
    const { tracks } = this.#tracker;
    return tracks.some(({ motionRate, croppedAt }) => leavesCrop(motionRate, time - croppedAt));
  }
}
