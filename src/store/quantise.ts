/**
 * Rounds a moment to what the database holds, so that what is published is, digit for digit, what is read back.
 *
 * Fractions (probabilities, agreement, valence, arousal, quality, box, action units) keep 5 decimals, angles 2,
 * landmarks 4 (a third of a pixel in a 4K frame), wall time whole milliseconds, media time everything. At most
 * six significant digits survive `real` columns unchanged. Probabilities still sum to 1.
 */
import type { FaceReading } from '../domain/face.ts';
import { EXPRESSIONS, QUALITY_ISSUES } from '../domain/face.ts';
import type { Moment } from '../domain/moment.ts';

/** Parts of 1 in which fractions are counted. */
export const FRACTION = 100_000;
const ANGLE = 100;
export const LANDMARK = 10_000;
/** Landmarks are 16 bits signed: a point further than three frames away is moved to that bound. */
const LANDMARK_BOUND = 32_767;
const FRACTION_BOUND = 9.99999;
const ANGLE_BOUND = 9_999.99;

/** Moments that this has made: rounding them again costs as much as writing them. */
const done = new WeakSet<Moment>();

/** Idempotent; faces come in the order of their track. Leaves the argument alone; do not change the answer. */
export function quantise(moment: Moment): Moment {
  if (done.has(moment)) return moment;
  const rounded = round(moment);
  done.add(rounded);
  return rounded;
}

function round(moment: Moment): Moment {
  return {
    ...moment,
    wallTime: Math.round(moment.wallTime),
    dropped: quantiseDropped(moment.dropped),
    faces: moment.faces.map(quantiseFace).sort((a, b) => a.track - b.track),
  };
}

function quantiseDropped({ busy, worker, store }: Moment['dropped']): Moment['dropped'] {
  return { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) };
}

function quantiseFace(face: FaceReading): FaceReading {
  const probabilities = distribution(face.probabilities);
  return {
    track: face.track,
    box: {
      x: fraction(face.box.x),
      y: fraction(face.box.y),
      width: fraction(face.box.width),
      height: fraction(face.box.height),
    },
    expression: face.expression,
    confidence: Math.max(...probabilities),
    probabilities,
    rawProbabilities: distribution(face.rawProbabilities),
    agreement: fraction(face.agreement),
    valence: fraction(face.valence),
    arousal: fraction(face.arousal),
    pose: { yaw: angle(face.pose.yaw), pitch: angle(face.pose.pitch), roll: angle(face.pose.roll) },
    actionUnits: face.actionUnits.map(fraction),
    landmarks: face.landmarks.map(({ x, y }) => ({ x: landmark(x), y: landmark(y) })),
    quality: {
      score: fraction(face.quality.score),
      issues: QUALITY_ISSUES.filter((issue) => face.quality.issues.includes(issue)),
    },
  };
}

/** Rounds probabilities to whole parts; what the sum then lacks goes to the greatest. */
function distribution(probabilities: readonly number[]): number[] {
  if (probabilities.length !== EXPRESSIONS.length) {
    throw new RangeError(`${EXPRESSIONS.length} probabilities expected, not ${probabilities.length}`);
  }
  const parts = probabilities.map((value) => Math.round(value * FRACTION));
  const rest = FRACTION - parts.reduce((sum, part) => sum + part, 0);
  // A sum that is off by more is no rounding: it stays as it came.
  if (rest !== 0 && Math.abs(rest) <= EXPRESSIONS.length) {
    const greatest = parts.indexOf(Math.max(...parts));
    parts[greatest] = parts[greatest]! + rest;
  }
  return parts.map((part) => part / FRACTION);
}

function fraction(value: number): number {
  return bounded(Math.round(value * FRACTION) / FRACTION, FRACTION_BOUND);
}

function angle(value: number): number {
  return bounded(Math.round(value * ANGLE) / ANGLE, ANGLE_BOUND);
}

function landmark(value: number): number {
  return bounded(Math.round(value * LANDMARK), LANDMARK_BOUND) / LANDMARK;
}

/** Also turns -0 into 0, which the database does not tell apart. */
function bounded(value: number, bound: number): number {
  return Math.min(bound, Math.max(-bound, value)) + 0;
}
