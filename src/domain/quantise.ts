/**
 * Rounds a moment to what the database holds, so that what is published is, digit for digit, what is read back.
 *
 * Fractions (probabilities, agreement, valence, arousal, quality, box, action units) keep 5 decimals, angles 2,
 * landmarks 4 (a third of a pixel in a 4K frame), durations and times of media whole microseconds, wall time whole milliseconds. At most
 * six significant digits survive `real` columns unchanged. Probabilities still sum to 1.
 */
import type { FaceReading, Point } from './face.ts';
import { EXPRESSIONS, QUALITY_ISSUES } from './face.ts';
import { nonZeroDrops } from './frame.ts';
import type { Moment } from './moment.ts';

/** Parts of 1 in which fractions are counted. */
export const FRACTION = 100_000;
/** Parts of a degree in which angles are counted. */
export const ANGLE = 100;
export const LANDMARK = 10_000;
/** Parts of a second in which durations are counted. */
export const MICROSECONDS = 1_000_000;
/** Landmarks are 16 bits signed: a point further than three frames away is moved to that bound. */
const LANDMARK_BOUND = 32_767;
const FRACTION_BOUND = 9.99999;
const ANGLE_BOUND = 9_999.99;

/** A moment that was rounded: rounding it again would cost as much as writing it. */
class Rounded implements Moment {
  readonly sessionId: string;
  readonly seq: number;
  readonly mediaTime: number;
  readonly wallTime: number;
  readonly loop: Moment['loop'];
  readonly previousDuration: number;
  readonly untilEnd: Moment['untilEnd'];
  readonly cut: boolean;
  readonly dropped: Moment['dropped'];
  readonly faces: FaceReading[];

  constructor(moment: Moment) {
    this.sessionId = moment.sessionId;
    this.seq = moment.seq;
    this.mediaTime = inMicroseconds(finite(moment.mediaTime));
    this.wallTime = Math.round(finite(moment.wallTime));
    this.loop = moment.loop && {
      pass: finite(moment.loop.pass),
      sourceTime: inMicroseconds(finite(moment.loop.sourceTime)),
    };
    this.previousDuration = inMicroseconds(finite(moment.previousDuration));
    this.untilEnd = moment.untilEnd && inMicroseconds(moment.untilEnd);
    this.cut = moment.cut;
    this.dropped = nonZeroDrops(moment.dropped);
    this.faces = moment.faces.map(quantiseFace).sort((a, b) => a.track - b.track);
  }
}

/** Idempotent; faces come in the order of their track. Leaves the argument alone; do not change the answer. */
export function quantise(moment: Moment): Moment {
  return moment instanceof Rounded ? moment : new Rounded(moment);
}

/** Rounded to whole microseconds, in which durations are added up. @param seconds */
export function inMicroseconds(seconds: number): number {
  return Math.round(seconds * MICROSECONDS) / MICROSECONDS;
}

function quantiseFace(face: FaceReading): FaceReading {
  const { box, pose, quality } = face;
  const probabilities = distribution(face.probabilities);
  return {
    track: face.track,
    box: { x: fraction(box.x), y: fraction(box.y), width: fraction(box.width), height: fraction(box.height) },
    expression: face.expression,
    confidence: Math.max(...probabilities),
    probabilities,
    rawProbabilities: distribution(face.rawProbabilities),
    agreement: fraction(face.agreement),
    valence: fraction(face.valence),
    arousal: fraction(face.arousal),
    pose: { yaw: angle(pose.yaw), pitch: angle(pose.pitch), roll: angle(pose.roll) },
    actionUnits: face.actionUnits.map(fraction),
    landmarks: face.landmarks.map(landmark),
    quality: {
      score: fraction(quality.score),
      issues: QUALITY_ISSUES.filter((issue) => quality.issues.includes(issue)),
    },
  };
}

/** Rounds probabilities to whole parts; what the sum then lacks goes to the greatest. @throws RangeError for what is no number */
function distribution(probabilities: readonly number[]): number[] {
  if (probabilities.length !== EXPRESSIONS.length) {
    throw new RangeError(`${EXPRESSIONS.length} probabilities expected, not ${probabilities.length}`);
  }
  const parts: number[] = [];
  let rest = FRACTION;
  let greatest = 0;
  for (const [at, value] of probabilities.entries()) {
    const part = Math.round(finite(value) * FRACTION);
    parts.push(part);
    rest -= part;
    if (part > parts[greatest]!) greatest = at;
  }
  // A sum that is off by more is no rounding: it stays as it came.
  if (Math.abs(rest) <= EXPRESSIONS.length) parts[greatest]! += rest;
  return parts.map((part) => part / FRACTION);
}

function fraction(value: number): number {
  return bounded(Math.round(value * FRACTION) / FRACTION, FRACTION_BOUND);
}

/** A fraction that was read from a `real`, digit for digit as it was written. */
export function fractionOfReal(real: number): number {
  return Math.round(real * FRACTION) / FRACTION;
}

/** The same of an angle. */
export function angleOfReal(real: number): number {
  return Math.round(real * ANGLE) / ANGLE;
}

function angle(value: number): number {
  return bounded(Math.round(value * ANGLE) / ANGLE, ANGLE_BOUND);
}

function landmark({ x, y }: Point): Point {
  return {
    x: bounded(Math.round(x * LANDMARK), LANDMARK_BOUND) / LANDMARK,
    y: bounded(Math.round(y * LANDMARK), LANDMARK_BOUND) / LANDMARK,
  };
}

/** @throws RangeError for NaN and infinity, which nothing could read back */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw notANumber();
  return value;
}

function notANumber(): RangeError {
  return new RangeError('a moment holds a number that is none');
}

/** Also turns -0 into 0, which the database does not tell apart. @throws RangeError for NaN, which nothing could read back */
function bounded(value: number, bound: number): number {
  if (Number.isNaN(value)) throw notANumber();
  return Math.min(bound, Math.max(-bound, value)) + 0;
}
