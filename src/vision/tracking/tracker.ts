/**
 * One session's faces through time. Detections are associated with tracks in two stages, sure ones first,
 * then doubtful ones with what is left, after ByteTrack (Zhang et al., 2022); the pair's cost joins overlap
 * and landmark distance, both against where constant velocity predicts the face. Between detections a track
 * keeps its crop, and the ensemble's own landmarks tell where in it the face has moved (see `carry`).
 */

import type { Detection } from '../detection/detector.ts';
import {
  compose,
  fitSimilarity,
  invert,
  iou,
  mapPoints,
  mapRect,
  type Rect,
  type Similarity,
} from '../image/geometry.ts';
import { associate, LOST } from './association.ts';
import {
  advance,
  alignment,
  FOLLOWED,
  follow,
  motion,
  outruns,
  paceOf,
  type Sight,
  type Track,
} from './motion.ts';

export type { Sight, Track } from './motion.ts';
export interface TrackerOptions {
  /** The card's five points of the crop, in crop pixels. */
  template: ArrayLike<number>;
  cropSize: number;
  /** From this score on a detection is sure and may begin a track. */
  sure: number;
  /** A newcomer of this score and quality is reported at once; a less certain one, when a second search confirms it. */
  certain: { score: number; quality: number };
  /** Frames from one detection to the next while nothing is in doubt. */
  detectEvery: number;
  /** Number of the first track. */
  firstTrack: number;
  /** A sight of less quality is of no face; undefined: the ensemble has no say in that. */
  face?: number | undefined;
}

/** Where a track is cut out of a frame: `toCrop` maps the picture to the crop, in pixels. */
export interface Placement {
  track: Track;
  toCrop: Similarity;
  /** Null: carried forward, not detected. */
  detection: Detection | null;
  /** Seen for the first time: unless it is certain, the next detection has to confirm it before it is reported. */
  newcomer: boolean;
}

/** Seconds of media time. A face out of sight for longer than LOST is forgotten. */
const STALE = 5;
const DETECT_AT_LEAST_EVERY = 0.5;
const CARRY_AT_MOST = 0.25;
/** Overlap of two carried tracks from which they are taken to hold one face. */
const SAME = 0.5;

export class Tracker {
  readonly #options: TrackerOptions;
  #tracks: Track[] = [];
  #nextId: number;
  /** Frames since the last search that was due, and its time; one for a doubt between them does not put the next off. */
  #sinceDue = Number.POSITIVE_INFINITY;
  #dueAt = Number.NEGATIVE_INFINITY;
  #time = Number.NEGATIVE_INFINITY;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#nextId = options.firstTrack;
  }

  /**
   * Whether the frame at `time` should be searched for faces: it is due, or something is in doubt. `ahead`: times
   * of the frames that were placed after the last one committed.
   */
  wantsDetection(time: number, ahead: readonly number[] = []): boolean {
    const last = ahead.at(-1) ?? this.#time;
    return this.#isDue(time, ahead.length) || time - last > CARRY_AT_MOST || time < last || this.inDoubt;
  }

  #isDue(time: number, ahead: number): boolean {
    const { detectEvery } = this.#options;
    const every = this.#tracks.length === 0 ? Math.min(2, detectEvery) : detectEvery;
    if (this.#sinceDue + ahead + 1 >= every || time - this.#dueAt >= DETECT_AT_LEAST_EVERY) return true;
    return this.#tracks.some(({ pace, placed }) => outruns(pace, time - placed));
  }

  /** Whether the next frame must be searched, as far as the frames tell that were placed and committed until now. */
  get inDoubt(): boolean {
    return this.#tracks.some((track) => track.id === 0 || track.missed > 0 || track.restless);
  }

  /** Brings what was detected at `time` together with the tracks. Returns those in sight that the ensemble should see. */
  place(detections: readonly Detection[], time: number): Placement[] {
    const first = this.#time === Number.NEGATIVE_INFINITY;
    const due = this.#isDue(time, 0) || time < this.#time;
    this.#forget(time);
    const pairs = associate(this.#tracks, detections, this.#options.sure, time);
    this.#tracks = this.#tracks.filter((track) => pairs.has(track) || track.id > 0);
    const newcomers = this.#begin(detections, new Set(pairs.values()), time);
    if (due) [this.#sinceDue, this.#dueAt] = [-1, time];
    for (const track of this.#tracks) if (!pairs.has(track) && !newcomers.has(track)) track.missed++;
    const placed = this.#placements(new Map([...pairs, ...newcomers]), time);
    // A picture has no second frame to confirm a face in.
    for (const placement of placed) placement.newcomer = !first && newcomers.has(placement.track);
    return placed;
  }

  /**
   * The crops of the last search, for a frame that is not searched; the ensemble will tell how far the faces moved
   * in them. So no frame between two searches depends on the one before it, and several can be scored at once.
   */
  carry(): Placement[] {
    return this.#tracks.flatMap((track) =>
      track.toCrop ? [{ track, toCrop: track.toCrop, detection: null, newcomer: false }] : [],
    );
  }

  /**
   * The placement again, cut by the landmarks that the ensemble saw in the first crop, for a face of which only a
   * detector's points are known; null where there is nothing to mend.
   */
  lookAgain(placement: Placement, sight: Sight): Placement | null {
    const { track, detection, newcomer, toCrop } = placement;
    if (!detection || track.habit || !this.#isFace(sight)) return null;
    if (newcomer && !this.#isCertain(placement, sight)) return null;
    if (!this.#learnHabit(track, detection, toCrop, sight)) return null;
    track.toCrop = fitSimilarity(detection.five, track.habit!)!;
    return { ...placement, toCrop: track.toCrop };
  }

  /**
   * Whether carried tracks lost their faces: the ensemble sees the points far from where the detector had
   * put them, or doubts the face far more than then or at all, or two tracks hold one face.
   */
  drifted(placements: readonly Placement[], sights: readonly Sight[]): boolean {
    const boxes: Rect[] = [];
    for (const [i, { track, toCrop }] of placements.entries()) {
      const anchor = track.anchor!;
      const back = fitSimilarity(sights[i]!.five, anchor.sight.five);
      if (!back || motion(back, this.#options.cropSize) > FOLLOWED) return true;
      if (sights[i]!.quality < anchor.sight.quality * 0.5 || !this.#isFace(sights[i]!)) return true;
      boxes.push(mapRect(invert(toCrop), mapRect(invert(back), anchor.box)));
    }
    return boxes.some((box, i) => boxes.slice(i + 1).some((other) => iou(box, other) > SAME));
  }

  /**
   * The frame at `time` is done: tracks move to where they were seen. Returns which placements are to be
   * reported. What the ensemble takes for no face is none: it begins and confirms nothing, and a confirmed
   * track counts as out of sight.
   */
  commit(placements: readonly Placement[], sights: readonly Sight[], time: number): boolean[] {
    this.#sinceDue++;
    this.#time = time;
    return placements.map((placement, i) => {
      const { track, newcomer } = placement;
      if (!this.#isFace(sights[i]!)) {
        this.#miss(track);
        return false;
      }
      if (newcomer && !this.#isCertain(placement, sights[i]!)) return false;
      if (track.id === 0) track.id = this.#nextId++;
      this.#move(placement, sights[i]!, time);
      return true;
    });
  }

  #isFace({ quality }: Sight): boolean {
    return this.#options.face === undefined || quality >= this.#options.face;
  }

  #isCertain({ detection }: Placement, { quality }: Sight): boolean {
    const { certain } = this.#options;
    return detection!.score >= certain.score && quality >= certain.quality;
  }

  #miss(track: Track): void {
    track.missed++;
    if (track.id === 0) this.#tracks = this.#tracks.filter((other) => other !== track);
  }

  #move({ track, toCrop, detection }: Placement, sight: Sight, time: number): void {
    if (detection) {
      const { box, five } = detection;
      advance(track, box, time);
      const anchor = { sight, five: mapPoints(toCrop, five), box: mapRect(toCrop, box), toCrop };
      Object.assign(track, { box, five, anchor });
      this.#learnHabit(track, detection, toCrop, sight);
    } else {
      follow(track, toCrop, sight, this.#options.cropSize);
    }
    Object.assign(track, { seen: time, missed: 0 });
  }

  /** The detector's points lie a little off, and for one face off in the same way from search to search. */
  #learnHabit(track: Track, { five }: Detection, toCrop: Similarity, sight: Sight): boolean {
    const { template, cropSize } = this.#options;
    const fix = alignment(sight, template, cropSize);
    if (fix) track.habit = mapPoints(compose(toCrop, fix), five);
    return fix !== null;
  }

  #forget(time: number): void {
    const cut = time < this.#time || time - this.#time > STALE;
    this.#tracks = cut ? [] : this.#tracks.filter((t) => t.missed < 2 || time - t.seen <= LOST);
  }

  /** Sure detections that no track took begin one each. */
  #begin(detections: readonly Detection[], taken: ReadonlySet<Detection>, time: number) {
    const newcomers = new Map<Track, Detection>();
    for (const detection of detections) {
      if (taken.has(detection) || detection.score < this.#options.sure) continue;
      const track = begin(detection, time);
      this.#tracks.push(track);
      newcomers.set(track, detection);
    }
    return newcomers;
  }

  /** Where a track is cut by a detection; null where its points lie in one. */
  #cropOf({ habit }: Track, { five }: Detection): Similarity | null {
    return fitSimilarity(five, habit ?? this.#options.template);
  }

  #placements(pairs: ReadonlyMap<Track, Detection>, time: number): Placement[] {
    return this.#tracks.flatMap((track) => {
      const detection = pairs.get(track);
      const toCrop = detection && this.#cropOf(track, detection);
      if (!toCrop) return [];
      track.pace = paceOf(track, detection.five, time, this.#options.cropSize);
      track.placed = time;
      track.toCrop = toCrop;
      // However far it had been carried, from here on it is carried anew.
      track.restless = false;
      return [{ track, toCrop, detection, newcomer: false }];
    });
  }
}

function begin({ box, five }: Detection, time: number): Track {
  const still = { velocity: { x: 0, y: 0 }, restless: false };
  const detected = { box, time };
  return {
    id: 0,
    box,
    five,
    ...still,
    detected,
    seen: time,
    missed: 0,
    toCrop: null,
    placed: time,
    pace: 0,
    anchor: null,
    habit: null,
  };
}
