/** Frames of several streams become readings: detection where it is due, one pass of the ensemble for all faces. */
import type { Point, RawReading } from '../domain/face.ts';
import type { EnsembleCard } from './card.ts';
import type { Picture } from './crop.ts';
import type { Detector } from './detect.ts';
import { type Ensemble, fiveOf, type Score } from './ensemble.ts';
import { invert, mapPoints, type Rect, rotationOf, sizeOf } from './geometry.ts';
import { issuesOf } from './quality.ts';
import type { Placement, Sight, Tracker } from './track.ts';

/** A stream's next frame. A stream may be in a batch once only, because its tracks follow the order of frames. */
export interface Job {
  tracker: Tracker;
  picture: Picture;
  /** Seconds. */
  mediaTime: number;
}

export interface Pipeline {
  detector: Detector;
  ensemble: Ensemble;
  card: EnsembleCard;
}

interface Scored {
  placements: Placement[];
  scores: Score[];
  sights: Sight[];
}

/** Readings of each job. A job whose tracks drifted is done once more, with a search for faces. */
export async function analyse(pipeline: Pipeline, jobs: readonly Job[]): Promise<RawReading[][]> {
  const searched = new Set(jobs.filter(({ tracker, mediaTime }) => tracker.wantsDetection(mediaTime)));
  const scored = await pass(pipeline, jobs, searched);
  const drifted = jobs.filter((job, i) => {
    const { placements, sights } = scored[i]!;
    return !searched.has(job) && job.tracker.drifted(placements, sights);
  });
  if (drifted.length > 0) {
    const again = await pass(pipeline, drifted, new Set(drifted));
    drifted.forEach((job, i) => {
      scored[jobs.indexOf(job)] = again[i]!;
    });
  }
  return jobs.map((job, i) => finish(pipeline.card, job, scored[i]!));
}

async function pass(
  { detector, ensemble, card }: Pipeline,
  jobs: readonly Job[],
  searched: ReadonlySet<Job>,
) {
  const toSearch = jobs.filter((job) => searched.has(job));
  const found = await detector.detect(toSearch.map(({ picture }) => picture));
  const placed = jobs.map((job) => {
    const { tracker, mediaTime } = job;
    return searched.has(job) ? tracker.place(found[toSearch.indexOf(job)]!, mediaTime) : tracker.carry();
  });
  const crops = jobs.flatMap(({ picture }, i) => placed[i]!.map(({ toCrop }) => ({ picture, toCrop })));
  const scores = await ensemble.score(crops);
  let at = 0;
  return placed.map((placements): Scored => {
    const own = scores.slice(at, at + placements.length);
    at += placements.length;
    const sights = own.map(({ landmarks, quality }) => ({
      five: fiveOf(landmarks, card.input.size),
      quality,
    }));
    return { placements, scores: own, sights };
  });
}

function finish(
  card: EnsembleCard,
  { tracker, picture, mediaTime }: Job,
  { placements, scores, sights }: Scored,
) {
  const reported = tracker.commit(placements, sights, mediaTime);
  return placements
    .flatMap((placement, i) => (reported[i] ? [reading(card, picture, placement, scores[i]!)] : []))
    .sort((p, q) => p.track - q.track);
}

function reading(
  card: EnsembleCard,
  picture: Picture,
  { track, toCrop }: Placement,
  score: Score,
): RawReading {
  const toPicture = invert(toCrop);
  const { yaw, pitch, roll } = score.pose;
  const measures = { ...score, size: sizeOf(track.box), yaw, pitch };
  return {
    track: track.id,
    box: fractions(track.box, picture),
    probabilities: score.probabilities,
    agreement: score.agreement,
    valence: clamp(score.valence, -1, 1),
    arousal: clamp(score.arousal, -1, 1),
    // The crop is turned so that the eyes lie level; the head in the picture is not.
    pose: { yaw, pitch, roll: wrap(roll + rotationOf(toPicture)) },
    actionUnits: score.actionUnits,
    landmarks: points(mapPoints(toPicture, score.landmarks, card.input.size), picture),
    quality: { score: clamp(score.quality, 0, 1), issues: issuesOf(measures, card.thresholds.issues) },
  };
}

/** The part of a box that lies within the picture, as fractions of it. */
function fractions(box: Rect, { width, height }: Picture) {
  const [x1, x2] = [clamp(box.x1 / width, 0, 1), clamp(box.x2 / width, 0, 1)];
  const [y1, y2] = [clamp(box.y1 / height, 0, 1), clamp(box.y2 / height, 0, 1)];
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

function points(flat: Float64Array, { width, height }: Picture): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    x: flat[2 * i]! / width,
    y: flat[2 * i + 1]! / height,
  }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** An angle brought to -180 to 180 degrees. */
function wrap(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}
