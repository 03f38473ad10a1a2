/** The faces of a batch: thousands of numbers each commit, so they are written straight into their arrays. */
import { EXPRESSIONS, type FaceReading, QUALITY_ISSUES } from '../../domain/face.ts';
import type { Moment } from '../../domain/moment.ts';
import { LANDMARK } from '../../domain/quantise.ts';
import { createArray, type NumberArray } from './binary-arrays.ts';
import { type Parameter, STRIDE } from './parameter-layout.ts';

export interface EncodedReadings {
  /** Position of the moment, track, expression, issues, ends in `actionUnits` and `landmarks`. */
  readingInts: Parameter;
  readingReals: Parameter;
  actionUnits: Parameter;
  landmarks: Uint8Array;
}

export function encodeReadings(moments: readonly Moment[]): EncodedReadings {
  const size = sizeOf(moments);
  const ints = createArray('int', size.faces * STRIDE.readingInts);
  const reals = createArray('real', size.faces * STRIDE.readingReals);
  const actionUnits = createArray('real', size.actionUnits);
  const landmarks = new Int16Array(size.points * 2);
  let unitsEnd = 0;
  let coordinates = 0;
  for (const [position, { faces }] of moments.entries()) {
    for (const face of faces) {
      pushReals(reals, face);
      for (const value of face.actionUnits) actionUnits.push(value);
      unitsEnd += face.actionUnits.length;
      for (const { x, y } of face.landmarks) {
        landmarks[coordinates++] = Math.round(x * LANDMARK);
        landmarks[coordinates++] = Math.round(y * LANDMARK);
      }
      ints.push(position);
      ints.push(face.track);
      ints.push(expressionCode(face.expression));
      ints.push(issueBits(face));
      ints.push(unitsEnd);
      ints.push(coordinates * 2);
    }
  }
  return {
    readingInts: ints.parameter,
    readingReals: reals.parameter,
    actionUnits: actionUnits.parameter,
    landmarks: new Uint8Array(landmarks.buffer),
  };
}

/** Position in the enum from 1; 0, which is outside, reads as null. */
export function expressionCode(expression: FaceReading['expression']): number {
  return expression === null ? 0 : EXPRESSIONS.indexOf(expression) + 1;
}

function sizeOf(moments: readonly Moment[]) {
  const size = { faces: 0, actionUnits: 0, points: 0 };
  for (const { faces } of moments) {
    size.faces += faces.length;
    for (const face of faces) {
      size.actionUnits += face.actionUnits.length;
      size.points += face.landmarks.length;
    }
  }
  return size;
}

/** In the order of the columns. */
function pushReals(reals: NumberArray, face: FaceReading): void {
  const { box, pose } = face;
  reals.push(box.x);
  reals.push(box.y);
  reals.push(box.width);
  reals.push(box.height);
  reals.push(face.confidence);
  reals.push(face.agreement);
  reals.push(face.valence);
  reals.push(face.arousal);
  reals.push(pose.yaw);
  reals.push(pose.pitch);
  reals.push(pose.roll);
  reals.push(face.quality.score);
  for (const value of face.probabilities) reals.push(value);
  for (const value of face.rawProbabilities) reals.push(value);
}

function issueBits({ quality }: FaceReading): number {
  return quality.issues.reduce((bits, issue) => bits | (1 << QUALITY_ISSUES.indexOf(issue)), 0);
}
