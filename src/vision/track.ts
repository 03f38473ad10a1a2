/**
 * One session's faces through time. Detections are associated with tracks in two stages, sure ones first,
 * then doubtful ones with what is left, after ByteTrack (Zhang et al., 2022); the pair's cost joins overlap
 * and landmark distance, both against where constant velocity predicts the face. Between detections the
 * ensemble's own landmarks carry a track on (see `carry`).
 */
import { assign } from './assign.ts';
import type { Detection } from './detect.ts';
import {
  fitSimilarity,
  invert,
  iou,
  mapPoints,
  mapRect,
  meanDistance,
  type Rect,
  rotationOf,
  type Similarity,
  scaleOf,
  shift,
  sizeOf,
} from './geometry.ts';

export interface TrackerOptions {
  /** The card's five points of the crop, in crop pixels. */
  template: ArrayLike<number>;
  cropSize: number;
  /** From this score on a detection is sure and may begin a track. */
  sure: number;
  /** Frames from one detection to the next while nothing is in doubt. */
  detectEvery: number;
  /** Number of the first track. */
  firstTrack: number;
}

/** What the ensemble saw in a crop. */
export interface Sight {
  /** The five points in crop pixels. */
  five: Float64Array;
  quality: number;
}

/** Where a track is cut out of a frame: `toCrop` maps the picture to the crop, in pixels. */
export interface Placement {
  track: Track;
  toCrop: Similarity;
  /** Null: carried forward, not detected. */
  detection: Detection | null;
}

/** Seconds of media time. A face out of sight for longer than LOST is forgotten. */
const LOST = 1;
const STALE = 5;
const DETECT_AT_LEAST_EVERY = 0.5;
const CARRY_AT_MOST = 0.25;
/** Cost of a pair from which a track rather stays alone: no overlap and a whole face away. */
const ALONE = 1.7;

/** Numbers, box and landmarks of one face, in pixels of the frame. */
export interface Track {
  /** 0: not yet confirmed. */
  id: number;
  box: Rect;
  five: Float64Array;
  /** Pixels per second. */
  velocity: { x: number; y: number };
  /** Media time of the last sight, and frames without one since. */
  seen: number;
  missed: number;
  /** What the last detection looked like from inside its crop; it moves along with the ensemble's landmarks. */
  anchor: { sight: Sight; five: Float64Array; box: Rect } | null;
}

export class Tracker {
  readonly #options: TrackerOptions;
  #tracks: Track[] = [];
  #nextId: number;
  #sinceDetection = Number.POSITIVE_INFINITY;
  #detectedAt = Number.NEGATIVE_INFINITY;
  #time = Number.NEGATIVE_INFINITY;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#nextId = options.firstTrack;
  }

  /** Whether the frame at `time` should be searched for faces: it is due, or something is in doubt. */
  wantsDetection(time: number): boolean {
    const every =
      this.#tracks.length === 0 ? Math.min(2, this.#options.detectEvery) : this.#options.detectEvery;
    return (
      this.#sinceDetection + 1 >= every ||
      time - this.#detectedAt >= DETECT_AT_LEAST_EVERY ||
      time - this.#time > CARRY_AT_MOST ||
      time < this.#time ||
      this.#tracks.some((track) => track.id === 0 || track.missed > 0)
    );
  }

  /** Brings what was detected at `time` together with the tracks. Returns the confirmed ones that are in sight. */
  place(detections: readonly Detection[], time: number): Placement[] {
    const first = this.#time === Number.NEGATIVE_INFINITY;
    this.#forget(time);
    const pairs = this.#associate(detections, time);
    this.#tracks = this.#tracks.filter((track) => pairs.has(track) || track.id > 0);
    const taken = new Set(pairs.values());
    for (const detection of detections) {
      if (taken.has(detection) || detection.score < this.#options.sure) continue;
      const track = begin(detection, time);
      this.#tracks.push(track);
      // A picture has no second frame to confirm a face in.
      if (first) pairs.set(track, detection);
    }
    this.#sinceDetection = -1;
    this.#detectedAt = time;
    return this.#placements(pairs);
  }

  /** Where the tracks are expected at `time`, for a frame that is not searched. Changes nothing. */
  carry(time: number): Placement[] {
    return this.#tracks.flatMap((track) => {
      if (!track.anchor) return [];
      const { x, y } = predicted(track, time);
      const five = track.five.map((v, i) => v + (i % 2 === 0 ? x : y));
      const toCrop = fitSimilarity(five, track.anchor.five);
      return toCrop ? [{ track, toCrop, detection: null }] : [];
    });
  }

  /**
   * Whether carried tracks lost their faces: the ensemble sees the points far from where the detector had
   * put them, or doubts the face far more than then, or two tracks hold one face.
   */
  drifted(placements: readonly Placement[], sights: readonly Sight[]): boolean {
    const boxes: Rect[] = [];
    for (const [i, { track, toCrop }] of placements.entries()) {
      const anchor = track.anchor!;
      const back = fitSimilarity(sights[i]!.five, anchor.sight.five);
      if (!back || !nearIdentity(back, this.#options.cropSize)) return true;
      if (sights[i]!.quality < anchor.sight.quality * 0.5) return true;
      boxes.push(mapRect(invert(toCrop), mapRect(invert(back), anchor.box)));
    }
    return boxes.some((box, i) => boxes.slice(i + 1).some((other) => iou(box, other) > 0.5));
  }

  /** The frame at `time` is done: tracks move to where they were seen. */
  commit(placements: readonly Placement[], sights: readonly Sight[], time: number): void {
    for (const [i, { track, toCrop, detection }] of placements.entries()) {
      const sight = sights[i]!;
      if (detection) {
        move(track, detection.box, detection.five, time);
        track.anchor = {
          sight,
          five: mapPoints(toCrop, detection.five),
          box: mapRect(toCrop, detection.box),
        };
      } else {
        follow(track, toCrop, sight, time);
      }
    }
    this.#sinceDetection++;
    this.#time = time;
  }

  #forget(time: number): void {
    const cut = time < this.#time || time - this.#time > STALE;
    this.#tracks = cut ? [] : this.#tracks.filter((t) => t.missed < 2 || time - t.seen <= LOST);
  }

  /** Sure detections to known tracks; doubtful ones to tracks still in sight; sure ones left to new tracks. */
  #associate(detections: readonly Detection[], time: number): Map<Track, Detection> {
    const pairs = new Map<Track, Detection>();
    const taken = new Set<Detection>();
    const stage = (tracks: Track[], candidates: Detection[]) => {
      const rows = tracks.filter((track) => !pairs.has(track));
      const columns = candidates.filter((detection) => !taken.has(detection));
      const cost = rows.map((track) => columns.map((detection) => pairCost(track, detection, time)));
      assign(cost, columns.length, ALONE).forEach((column, row) => {
        if (column < 0) return;
        pairs.set(rows[row]!, columns[column]!);
        taken.add(columns[column]!);
      });
    };
    const known = this.#tracks.filter((track) => track.id > 0);
    const sure = detections.filter((detection) => detection.score >= this.#options.sure);
    const doubtful = detections.filter((detection) => detection.score < this.#options.sure);
    stage(known, sure);
    stage(
      known.filter((track) => track.missed === 0),
      doubtful,
    );
    stage(
      this.#tracks.filter((track) => track.id === 0),
      sure,
    );
    return pairs;
  }

  #placements(pairs: ReadonlyMap<Track, Detection>): Placement[] {
    const placements: Placement[] = [];
    for (const track of this.#tracks) {
      const detection = pairs.get(track);
      if (!detection) {
        track.missed++;
        continue;
      }
      const toCrop = fitSimilarity(detection.five, this.#options.template);
      if (!toCrop) continue;
      if (track.id === 0) track.id = this.#nextId++;
      placements.push({ track, toCrop, detection });
    }
    return placements;
  }
}

function begin({ box, five }: Detection, time: number): Track {
  return { id: 0, box, five, velocity: { x: 0, y: 0 }, seen: time, missed: 0, anchor: null };
}

/** How far constant velocity takes a track by `time`, in pixels. */
function predicted(track: Track, time: number): { x: number; y: number } {
  const elapsed = Math.min(Math.max(time - track.seen, 0), LOST);
  return { x: track.velocity.x * elapsed, y: track.velocity.y * elapsed };
}

/** 0 for a perfect match, to 1 for no overlap, plus the landmarks' mean distance in face sizes. */
function pairCost(track: Track, detection: Detection, time: number): number {
  const { x, y } = predicted(track, time);
  const [size, other] = [sizeOf(track.box), sizeOf(detection.box)];
  if (Math.max(size, other) > 2 * Math.min(size, other)) return Number.POSITIVE_INFINITY;
  const five = track.five.map((v, i) => v + (i % 2 === 0 ? x : y));
  const distance = meanDistance(five, detection.five) / ((size + other) / 2);
  return 1 - iou(shift(track.box, x, y), detection.box) + distance;
}

function move(track: Track, box: Rect, five: Float64Array, time: number): void {
  const elapsed = time - track.seen;
  if (elapsed > 0) {
    const x = (box.x1 + box.x2 - track.box.x1 - track.box.x2) / 2 / elapsed;
    const y = (box.y1 + box.y2 - track.box.y1 - track.box.y2) / 2 / elapsed;
    track.velocity = { x: (track.velocity.x + x) / 2, y: (track.velocity.y + y) / 2 };
  }
  Object.assign(track, { box, five, seen: time, missed: 0 });
}

/**
 * Moves a track by what the ensemble saw. Its landmarks and the detector's differ by habit; so the track
 * asks not where the points are, but how they moved since the detector last placed them in a crop.
 */
function follow(track: Track, toCrop: Similarity, sight: Sight, time: number): void {
  const anchor = track.anchor!;
  const moved = fitSimilarity(anchor.sight.five, sight.five)!;
  const toPicture = invert(toCrop);
  const five = mapPoints(toPicture, mapPoints(moved, anchor.five));
  move(track, mapRect(toPicture, mapRect(moved, anchor.box)), five, time);
}

/** A crop turned by less than 25 degrees, scaled by less than a third and moved by less than a quarter of its side. */
function nearIdentity(m: Similarity, size: number): boolean {
  const half = size / 2;
  const x = m.a * half - m.b * half + m.tx - half;
  const y = m.b * half + m.a * half + m.ty - half;
  const scale = scaleOf(m);
  return scale > 0.75 && scale < 1.33 && Math.abs(rotationOf(m)) < 25 && Math.hypot(x, y) < size / 4;
}
