/** The faces of a batch: thousands of numbers each commit, so they are written straight into their arrays. */
import { type FaceReading, QUALITY_ISSUES } from '../../domain/face.ts';
import type { Moment } from '../../domain/moment.ts';
import { LANDMARK } from '../../domain/quantise.ts';
import { expressionCode } from '../sql/expression-codes.ts';
import { type ArrayEncoder, createArrayEncoder } from './binary-arrays.ts';
import { STRIDE } from './flat-rows.ts';

export interface EncodedReadings {
  /** Per face: position of its moment from 0, track, expression, quality issues, ends in `actionUnits` and `landmarks`. */
  ints: Uint8Array;
  /** Per face: box, confidence, agreement, valence, arousal, pose, quality, 8 probabilities, 8 raw probabilities. */
  reals: Uint8Array;
  /** Of all faces, one behind the other. */
  actionUnits: Uint8Array;
  /** Of all faces: x and y as 16-bit integers, little-endian. */
  landmarks: Uint8Array;
}

export function encodeReadings(moments: readonly Moment[]): EncodedReadings {
  const counts = count(moments);
  const ints = createArrayEncoder('int', counts.faces * STRIDE.readingInts);
  const reals = createArrayEncoder('real', counts.faces * STRIDE.readingReals);
  const actionUnits = createArrayEncoder('real', counts.actionUnits);
  const landmarks = new Int16Array(counts.landmarks * 2);
  let actionUnitsEnd = 0;
  let coordinates = 0;
  for (const [position, { faces }] of moments.entries()) {
    for (const face of faces) {
      pushReals(reals, face);
      for (const value of face.actionUnits) actionUnits.push(value);
      actionUnitsEnd += face.actionUnits.length;
      for (const { x, y } of face.landmarks) {
        landmarks[coordinates++] = Math.round(x * LANDMARK);
        landmarks[coordinates++] = Math.round(y * LANDMARK);
      }
      ints.push(position);
      ints.push(face.track);
      ints.push(expressionCode(face.expression));
      ints.push(issueBits(face));
      ints.push(actionUnitsEnd);
      ints.push(coordinates * 2);
    }
  }
  return {
    ints: ints.bytes,
    reals: reals.bytes,
    actionUnits: actionUnits.bytes,
    landmarks: new Uint8Array(landmarks.buffer),
  };
}

function count(moments: readonly Moment[]) {
  const counts = { faces: 0, actionUnits: 0, landmarks: 0 };
  for (const { faces } of moments) {
    counts.faces += faces.length;
    for (const face of faces) {
      counts.actionUnits += face.actionUnits.length;
      counts.landmarks += face.landmarks.length;
    }
  }
  return counts;
}

/** In the order of the columns. */
function pushReals(reals: ArrayEncoder, face: FaceReading): void {
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
