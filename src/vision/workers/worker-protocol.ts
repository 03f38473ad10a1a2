/** What passes between the main thread, a vision worker and the threads of its models; how readings are packed for the way. */
import type { RawReading } from '../../domain/face.ts';
import type { MienErrorCode } from '../../errors.ts';
import type { Device, Output } from '../runtime/inference-session.ts';
import type { Models } from '../runtime/model-card.ts';
import { fromBits, toBits } from '../scoring/quality.ts';

/** What the thread of the models is told at its start. */
export interface RunnerSetup {
  models: Models;
  device: Device | 'auto';
  /** Threads within one operator. */
  threads: number;
}

/** What a vision worker is told; the threads of its models hear a part of it. */
export interface WorkerSetup extends RunnerSetup {
  /** Threads in which its models run, each with its own. */
  lanes: number;
  detectEvery: number;
  /** Faces in one run of the ensemble. */
  maxBatch: number;
}

export type ToWorker =
  /** A new stream; `firstTrack` goes on where a worker before it ended. */
  | { type: 'open'; stream: number; firstTrack: number }
  | { type: 'close'; stream: number }
  /** Finish the run in hand, then end. */
  | { type: 'stop' }
  /** `pixels` is transferred, unless its memory is shared. */
  | {
      type: 'frame';
      stream: number;
      call: number;
      pixels: Uint8Array;
      width: number;
      height: number;
      mediaTime: number;
    };

export type FromWorker =
  | { type: 'ready'; device: Device; skipped: string[] }
  | { type: 'failed'; code: MienErrorCode | null; message: string }
  /** Answers to some frames that were scored together. */
  | { type: 'done'; results: CallResult[]; spent: Spent };

/** A run of a model; `pixels` are shared, and must stay as they are until it is answered. */
export interface ToRunner {
  run: number;
  model: 'detector' | 'ensemble';
  pixels: Uint8Array;
  dims: readonly [number, number, number, number];
}

export type FromRunner =
  | Extract<FromWorker, { type: 'ready' | 'failed' }>
  | { type: 'answer'; run: number; outputs: Record<string, Output>; seconds: number }
  | { type: 'broken'; run: number; message: string };

export interface CallResult {
  call: number;
  /** Packed readings; null when the frame failed, with `error` saying why. */
  faces: Float32Array | null;
  error?: string;
}

/** What was spent since the answers before. Times in seconds. */
export interface Spent {
  /** Frames that were answered. */
  frames: number;
  /** Faces of each run of the ensemble. */
  batches: number[];
  /** Frames that were searched for faces, and the time in the detector. */
  searched: number;
  detection: number;
  /** Frames of these that were searched at half their size as well. */
  halved: number;
  ensemble: number;
  /** From the first run for a frame to its readings, the longest of those answered. */
  total: number;
}

const EXPRESSION_COUNT = 8;
const LANDMARK_COUNT = 68;
const FIXED = 1 + 4 + EXPRESSION_COUNT + 1 + 2 + 3 + 2;

/** Floats that one packed reading takes. */
export function strideOf(actionUnits: number): number {
  return FIXED + actionUnits + 2 * LANDMARK_COUNT;
}

/** Packs readings one behind the other: track, box, probabilities, agreement, …, as `unpack` reads them. */
export function pack(readings: readonly RawReading[], actionUnits: number): Float32Array {
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

/** The inverse of `pack`. */
export function unpack(packed: Float32Array, actionUnits: number): RawReading[] {
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
