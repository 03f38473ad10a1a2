/** Readings as one array of floats, which passes from a worker to the main thread without a copy. */
import type { RawReading } from '../../domain/face.ts';
import { fromBits, toBits } from '../scoring/quality.ts';

const EXPRESSION_COUNT = 8;
const LANDMARK_COUNT = 68;
const FIXED = 1 + 4 + EXPRESSION_COUNT + 1 + 2 + 3 + 2;

/** Floats of one packed reading. */
function strideOf(actionUnits: number): number {
  return FIXED + actionUnits + 2 * LANDMARK_COUNT;
}

/** Packs readings one behind the other: track, box, probabilities, agreement, …, as `unpackReadings` reads them. */
export function packReadings(readings: readonly RawReading[], actionUnits: number): Float32Array {
  const stride = strideOf(actionUnits);
  const out = new Float32Array(readings.length * stride);
  readings.forEach((face, i) => {
    const { box, pose, quality } = face;
    let at = i * stride;
    const put = (values: ArrayLike<number>) => {
      out.set(values, at);
      at += values.length;
    };
    put([face.track, box.x, box.y, box.width, box.height]);
    put(face.probabilities);
    put([face.agreement, face.valence, face.arousal, pose.yaw, pose.pitch, pose.roll]);
    put([quality.score, toBits(quality.issues)]);
    put(face.actionUnits);
    for (const { x, y } of face.landmarks) {
      out[at++] = x;
      out[at++] = y;
    }
  });
  return out;
}

/** The inverse of `packReadings`. */
export function unpackReadings(packed: Float32Array, actionUnits: number): RawReading[] {
  const stride = strideOf(actionUnits);
  return Array.from({ length: packed.length / stride }, (_, i) =>
    unpackOne(packed.subarray(i * stride, (i + 1) * stride), actionUnits),
  );
}

function unpackOne(packed: Float32Array, actionUnits: number): RawReading {
  let at = 0;
  const next = () => packed[at++]!;
  const many = (count: number) => Array.from({ length: count }, next);
  const track = next();
  const box = { x: next(), y: next(), width: next(), height: next() };
  const probabilities = many(EXPRESSION_COUNT);
  const [agreement, valence, arousal] = [next(), next(), next()];
  const pose = { yaw: next(), pitch: next(), roll: next() };
  const quality = { score: next(), issues: fromBits(next()) };
  const units = many(actionUnits);
  const landmarks = Array.from({ length: LANDMARK_COUNT }, () => ({ x: next(), y: next() }));
  return {
    track,
    box,
    probabilities,
    agreement,
    valence,
    arousal,
    pose,
    actionUnits: units,
    landmarks,
    quality,
  };
}
