/**
 * One session's faces through time: which detection is which track. Detections are associated with tracks in two stages,
 * those of high confidence first, then the others with the tracks that are left, after ByteTrack (Zhang et al., 2022).
 * Between detections a track keeps its crop, and the ensemble's landmarks tell how far the face moved in it. When to
 * detect is decided in `detection-timing.ts`.
 */

import type { Detection } from '../detection/detected-face.ts';
import { compose, fitSimilarity, mapPoints, mapRect, type Similarity } from '../image/geometry.ts';
import { associate, MAX_LOST_SECONDS } from './association.ts';
import { alignmentWithTemplate, motionRateOf, propagateTrack, updateVelocity } from './motion.ts';
import { createTrack, type Observation, resizeTrack, type Track } from './track.ts';

export interface TrackerOptions {
  /** The card's five landmarks of the crop, in crop pixels. */
  template: ArrayLike<number>;
  cropSize: number;
  /** Score from which a detection may begin a track. */
  highConfidence: number;
  /** Score and quality from which a new track is reported at once; others are reported once a second detection confirms them. */
  activation: { score: number; quality: number };
  /** Number of the first track. */
  firstTrackId: number;
  /** Quality below which a crop shows no face; undefined: the ensemble has no say in that. */
  minFaceQuality?: number | undefined;
}

/** Where a track is cut out of a frame. */
export interface TrackCrop {
  track: Track;
  /** From picture to crop, in pixels. */
  toCrop: Similarity;
  /** Null: propagated, not detected. */
  detection: Detection | null;
  /** Detected for the first time: unless it reaches the activation thresholds, a second detection has to confirm it. */
  tentative: boolean;
}

/**
 * All tracks end where so many seconds of media time pass between two frames, and so many times as many as between the two
 * before them: a source of one frame a minute has no gaps.
 */
const MAX_GAP_SECONDS = 5;
const MAX_GAP_STEPS = 3;

export class Tracker {
  readonly #options: TrackerOptions;
  #tracks: Track[] = [];
  #nextId: number;
  /** Media time of the last frame that was committed. */
  #time = Number.NEGATIVE_INFINITY;
  /** Seconds from the frame before to that one; infinite where there is none. */
  #step = Number.POSITIVE_INFINITY;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#nextId = options.firstTrackId;
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** Another scene begins: none of its faces is one of those before, wherever it is. */
  endAll(): void {
    this.#tracks = [];
  }

  /** Associates the detections of the frame at `time` with the tracks. Returns the crops that the ensemble is to score. */
  update(detections: readonly Detection[], time: number): TrackCrop[] {
    const isFirstFrame = this.#time === Number.NEGATIVE_INFINITY;
    this.#forgetLostTracks(time);
    const pairs = associate(this.#tracks, detections, this.#options.highConfidence, time);
    this.#tracks = this.#tracks.filter((track) => pairs.has(track) || track.id > 0);
    for (const track of this.#tracks) if (!pairs.has(track)) track.missedFrames++;
    const created = this.#createTracks(detections, new Set(pairs.values()), time);
    const crops = this.#cropTracks(new Map([...pairs, ...created]), time);
    // A picture has no second frame to confirm a face in.
    for (const crop of crops) crop.tentative = !isFirstFrame && created.has(crop.track);
    return crops;
  }

  /**
   * The crops of the last detection, for a frame that does not go through the detector. No frame between two detections
   * depends on the one before it, so several can be scored at once.
   */
  propagate(): TrackCrop[] {
    return this.#tracks.flatMap((track) =>
      track.toCrop ? [{ track, toCrop: track.toCrop, detection: null, tentative: false }] : [],
    );
  }

  /** The next frame is so many times as wide and as high as the last; it has to go through the detector. */
  resize(x: number, y: number): void {
    for (const track of this.#tracks) resizeTrack(track, x, y);
  }

  /**
   * The crop aligned anew by the landmarks that the ensemble saw in it, for a track of which only the detector's are
   * known. Null where there is nothing to improve.
   */
  realign(crop: TrackCrop, observation: Observation): TrackCrop | null {
    const { track, detection, tentative } = crop;
    if (!detection || track.offsetTemplate || !this.#isFace(observation)) return null;
    if (tentative && !this.#isActivated(detection, observation)) return null;
    if (!this.#learnOffset(crop, detection, observation)) return null;
    track.toCrop = fitSimilarity(detection.landmarks5, track.offsetTemplate!)!;
    return { ...crop, toCrop: track.toCrop };
  }

  /**
   * Ends the frame at `time`: tracks move to where they were observed. Returns which crops are to be reported. A crop
   * without a face begins and confirms no track, and a confirmed track then counts as missed.
   */
  commit(crops: readonly TrackCrop[], observations: readonly Observation[], time: number): boolean[] {
    if (time > this.#time) this.#step = time - this.#time;
    this.#time = time;
    return crops.map((crop, i) => {
      const { track, detection, tentative } = crop;
      const observation = observations[i]!;
      if (!this.#isFace(observation)) {
        this.#miss(track);
        return false;
      }
      if (tentative && !this.#isActivated(detection!, observation)) return false;
      if (track.id === 0) track.id = this.#nextId++;
      this.#move(crop, observation, time);
      return true;
    });
  }

  #forgetLostTracks(time: number): void {
    const isGap = time - this.#time > Math.max(MAX_GAP_SECONDS, MAX_GAP_STEPS * this.#step);
    const isKept = ({ missedFrames, lastSeen }: Track) =>
      missedFrames < 2 || time - lastSeen <= MAX_LOST_SECONDS;
    this.#tracks = isGap || time < this.#time ? [] : this.#tracks.filter(isKept);
  }

  /** Begins a track with each detection of high confidence that is not associated with one. */
  #createTracks(detections: readonly Detection[], associated: ReadonlySet<Detection>, time: number) {
    const created = new Map<Track, Detection>();
    for (const detection of detections) {
      if (associated.has(detection) || detection.score < this.#options.highConfidence) continue;
      const track = createTrack(detection, time);
      this.#tracks.push(track);
      created.set(track, detection);
    }
    return created;
  }

  /** Places the crop of each detected track; a detection whose landmarks lie in one point gives none. */
  #cropTracks(pairs: ReadonlyMap<Track, Detection>, time: number): TrackCrop[] {
    const { template, cropSize } = this.#options;
    return this.#tracks.flatMap((track) => {
      const detection = pairs.get(track);
      const toCrop = detection && fitSimilarity(detection.landmarks5, track.offsetTemplate ?? template);
      if (!toCrop) return [];
      track.motionRate = motionRateOf(track, detection.landmarks5, time, cropSize);
      track.croppedAt = time;
      track.toCrop = toCrop;
      track.fastMoving = false;
      return [{ track, toCrop, detection, tentative: false }];
    });
  }

  #isFace({ quality }: Observation): boolean {
    const { minFaceQuality } = this.#options;
    return minFaceQuality === undefined || quality >= minFaceQuality;
  }

  #isActivated({ score }: Detection, { quality }: Observation): boolean {
    const { activation } = this.#options;
    return score >= activation.score && quality >= activation.quality;
  }

  #miss(track: Track): void {
    track.missedFrames++;
    if (track.id === 0) this.#tracks = this.#tracks.filter((other) => other !== track);
  }

  #move(crop: TrackCrop, observation: Observation, time: number): void {
    const { track, toCrop, detection } = crop;
    if (detection) {
      const { box, landmarks5 } = detection;
      updateVelocity(track, box, time);
      const inCrop = { landmarks5: mapPoints(toCrop, landmarks5), box: mapRect(toCrop, box) };
      Object.assign(track, { box, landmarks5, reference: { observation, ...inCrop, toCrop } });
      this.#learnOffset(crop, detection, observation);
    } else {
      propagateTrack(track, toCrop, observation, this.#options.cropSize);
    }
    Object.assign(track, { lastSeen: time, missedFrames: 0 });
  }

  /** The detector's landmarks lie a little off, and for one face by the same offset from detection to detection. */
  #learnOffset({ track, toCrop }: TrackCrop, { landmarks5 }: Detection, observation: Observation): boolean {
    const { template, cropSize } = this.#options;
    const alignment = alignmentWithTemplate(observation, template, cropSize);
    if (alignment) track.offsetTemplate = mapPoints(compose(toCrop, alignment), landmarks5);
    return alignment !== null;
  }
}
