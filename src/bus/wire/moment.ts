/**
 * A moment in whole numbers: what `quantise` has rounded fits into them and comes out digit for digit. Fractions and angles
 * take 32 bits, landmarks 16, times are doubles.
 */
import {
  EXPRESSIONS,
  type FaceReading,
  type Point,
  QUALITY_ISSUES,
  type QualityIssue,
} from '../../domain/face.ts';
import { DROP_REASONS, type DropCounts } from '../../domain/frame.ts';
import type { Moment } from '../../domain/moment.ts';
import { ANGLE, FRACTION, LANDMARK, quantise } from '../../domain/quantise.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

const IS_CUT = 1;
const HAS_LOOP = 2;
const HAS_END = 4;
/** The first of as many bits as there are reasons. */
const HAS_DROPS = 8;
/** In place of the index of an expression. */
const ABSTAINED = 255;

/** Bytes of a moment without faces, at most; and of a face without action units and landmarks. */
const MOMENT_BYTES = 96;
const FACE_BYTES = 128;
const MAX_INT = 2 ** 31 - 1;

/** @throws RangeError for a number that is none, and for probabilities that are none */
export function writeMoment(writer: ByteWriter, given: Moment): void {
  const moment = quantise(given);
  const { loop, untilEnd, dropped, faces } = moment;
  writer.reserve(MOMENT_BYTES);
  writer.uint8(flagsOf(moment));
  writer.uint32(moment.seq);
  writer.double(moment.mediaTime);
  writer.double(moment.wallTime);
  writer.double(moment.previousDuration);
  if (loop !== undefined) {
    writer.double(loop.pass);
    writer.double(loop.sourceTime);
  }
  if (untilEnd !== undefined) writer.double(untilEnd);
  for (const reason of DROP_REASONS) {
    const frames = dropped[reason];
    if (frames !== undefined) writer.double(frames);
  }
  writer.uint32(faces.length);
  for (const face of faces) writeFace(writer, face);
}

function flagsOf({ cut, loop, untilEnd, dropped }: Moment): number {
  let flags = (cut ? IS_CUT : 0) | (loop ? HAS_LOOP : 0) | (untilEnd === undefined ? 0 : HAS_END);
  for (const [at, reason] of DROP_REASONS.entries()) {
    if (dropped[reason] !== undefined) flags |= HAS_DROPS << at;
  }
  return flags;
}

function writeFace(writer: ByteWriter, face: FaceReading): void {
  const { box, pose, quality, actionUnits, landmarks } = face;
  writer.reserve(FACE_BYTES + 4 * (actionUnits.length + landmarks.length));
  writer.uint32(face.track);
  writer.uint8(face.expression === null ? ABSTAINED : EXPRESSIONS.indexOf(face.expression));
  writer.uint8(issueBits(quality.issues));
  writer.uint32(actionUnits.length);
  writer.uint32(landmarks.length);
  for (const value of [box.x, box.y, box.width, box.height]) writeParts(writer, value, FRACTION);
  for (const value of face.probabilities) writeParts(writer, value, FRACTION);
  for (const value of face.rawProbabilities) writeParts(writer, value, FRACTION);
  for (const value of [face.agreement, face.valence, face.arousal, quality.score])
    writeParts(writer, value, FRACTION);
  for (const value of [pose.yaw, pose.pitch, pose.roll]) writeParts(writer, value, ANGLE);
  for (const value of actionUnits) writeParts(writer, value, FRACTION);
  for (const { x, y } of landmarks) {
    writer.int16(Math.round(x * LANDMARK));
    writer.int16(Math.round(y * LANDMARK));
  }
}

function writeParts(writer: ByteWriter, value: number, ofOne: number): void {
  const parts = Math.round(value * ofOne);
  if (Math.abs(parts) > MAX_INT) throw new RangeError('a moment holds a probability that is none');
  writer.int32(parts);
}

function issueBits(issues: readonly QualityIssue[]): number {
  return issues.reduce((bits, issue) => bits | (1 << QUALITY_ISSUES.indexOf(issue)), 0);
}

/** @throws RangeError when it ends too soon, and for numbers that are none */
export function readMoment(reader: ByteReader, sessionId: string): Moment {
  const flags = reader.uint8();
  const seq = reader.uint32();
  const mediaTime = reader.double();
  const wallTime = reader.double();
  const previousDuration = reader.double();
  const loop = flags & HAS_LOOP ? { pass: reader.count(), sourceTime: reader.double() } : undefined;
  const untilEnd = flags & HAS_END ? reader.double() : undefined;
  const dropped: DropCounts = {};
  for (const [at, reason] of DROP_REASONS.entries()) {
    if (flags & (HAS_DROPS << at)) dropped[reason] = reader.count();
  }
  const faces: FaceReading[] = [];
  for (let left = reader.uint32(); left > 0; left--) faces.push(readFace(reader));
  const cut = (flags & IS_CUT) !== 0;
  return { sessionId, seq, mediaTime, wallTime, loop, previousDuration, untilEnd, cut, dropped, faces };
}

function readFace(reader: ByteReader): FaceReading {
  const track = reader.uint32();
  const expression = EXPRESSIONS[reader.uint8()] ?? null;
  const issueBits = reader.uint8();
  const [units, points] = [reader.uint32(), reader.uint32()];
  const fraction = () => reader.int32() / FRACTION;
  const angle = () => reader.int32() / ANGLE;
  const box = { x: fraction(), y: fraction(), width: fraction(), height: fraction() };
  const probabilities = readMany(EXPRESSIONS.length, fraction);
  const rawProbabilities = readMany(EXPRESSIONS.length, fraction);
  const [agreement, valence, arousal, score] = [fraction(), fraction(), fraction(), fraction()];
  const pose = { yaw: angle(), pitch: angle(), roll: angle() };
  const actionUnits = readMany(units, fraction);
  const landmarks = readMany(points, (): Point => {
    return { x: reader.int16() / LANDMARK, y: reader.int16() / LANDMARK };
  });
  const issues = QUALITY_ISSUES.filter((_, at) => issueBits & (1 << at));
  const confidence = Math.max(...probabilities);
  return {
    ...{ track, box, expression, confidence, probabilities, rawProbabilities, agreement, valence, arousal },
    ...{ pose, actionUnits, landmarks, quality: { score, issues } },
  };
}

/** One by one: of a message that lies about how many there are, no more is made than it has. */
function readMany<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let left = count; left > 0; left--) items.push(read());
  return items;
}
