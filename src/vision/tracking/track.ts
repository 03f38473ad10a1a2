/** One face that is followed through time, in pixels of the frame. */

import type { Detection } from '../detection/detected-face.ts';
import { type Rect, type Similarity, stretch } from '../image/geometry.ts';

/** What the ensemble saw in a crop. */
export interface Observation {
  /** The five landmarks, in crop pixels. */
  landmarks5: Float64Array;
  /** The ensemble's judgement of the face, 0 to 1. */
  quality: number;
}

export interface Track {
  /** 0 while the track is tentative. */
  id: number;
  box: Rect;
  landmarks5: Float64Array;
  /** Pixels per second from one detection to the next; predicts where the next detection will be. */
  velocity: { x: number; y: number };
  lastDetection: { box: Rect; time: number };
  /** Media time at which the face was last seen. */
  lastSeen: number;
  /** Frames since then. */
  missedFrames: number;
  /** From picture to crop, as the last detection placed it; kept until the next detection. Null before the first. */
  toCrop: Similarity | null;
  /** Media time of the detection that placed the crop. */
  croppedAt: number;
  /** Motion (see `motionOf`) per second with which the face came to where that detection found it. */
  motionRate: number;
  /** The last detection as seen from inside its crop, which is given too. Null before the first. */
  reference: { observation: Observation; landmarks5: Float64Array; box: Rect; toCrop: Similarity } | null;
  /**
   * The card's template, moved by how far the detector's landmarks lie off on this face: a crop that is fitted to it is
   * aligned as the ensemble's landmarks would align it. Null while that is unknown.
   */
  offsetTemplate: Float64Array | null;
  /** Whether the last frame showed the face moving too fast for its crop to be kept. */
  fastMoving: boolean;
}

/**
 * The pictures have another size from now on, as when a camera renegotiates: what is known of the track in pixels of the old ones is
 * carried over. Its crop is not: the next frame has to go through the detector.
 * @param x, y pixels of the new picture per pixel of the old one
 */
export function resizeTrack(track: Track, x: number, y: number): void {
  const { box, landmarks5, velocity, lastDetection } = track;
  track.box = stretch(box, x, y);
  track.landmarks5 = landmarks5.map((value, i) => value * (i % 2 === 0 ? x : y));
  track.velocity = { x: velocity.x * x, y: velocity.y * y };
  track.lastDetection = { ...lastDetection, box: stretch(lastDetection.box, x, y) };
  Object.assign(track, { toCrop: null, reference: null, fastMoving: false });
}

/** A tentative track that begins with a detection at `time` (seconds of media time). */
export function createTrack({ box, landmarks5 }: Detection, time: number): Track {
  return {
    id: 0,
    box,
    landmarks5,
    velocity: { x: 0, y: 0 },
    lastDetection: { box, time },
    lastSeen: time,
    missedFrames: 0,
    toCrop: null,
    croppedAt: time,
    motionRate: 0,
    reference: null,
    offsetTemplate: null,
    fastMoving: false,
  };
}
