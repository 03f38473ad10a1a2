/** What passes between the main thread, a vision worker and the model workers. */
import type { ModelTimes } from '../../domain/face.ts';
import type { MienErrorCode } from '../../errors.ts';
import type { Models } from '../models/model-manifest.ts';
import type { ModelInput, ModelOutput } from '../models/model-session.ts';
import type { ModelKind, Precisions } from '../models/precision.ts';
import type { PrecisionChoice } from '../runtime/choose-precisions.ts';
import type { Device } from '../runtime/inference-session.ts';

/** What a model worker is told at its start. */
export interface ModelWorkerSetup {
  models: Models;
  device: Device | 'auto';
  /** Threads within one operator (CPU only). */
  intraOpThreads: number;
  /** Chosen once for all threads; those of a GPU compute in single precision. */
  precisions: Precisions;
}

/** What a vision worker is told at its start; its model workers hear a part of it. */
export interface WorkerSetup extends ModelWorkerSetup {
  /** Model workers, each a thread that has both models. */
  modelThreads: number;
  /** Frames from one detection to the next while no track is in doubt. */
  detectEvery: number;
  /** Faces in one run of the ensemble. */
  maxBatch: number;
  /** Whether it is measured at the start how fast the models are. */
  measure: boolean;
}

/** A frame to be analysed; `pixels` is transferred, unless its memory is shared. */
export interface FrameMessage {
  type: 'frame';
  stream: number;
  id: number;
  pixels: Uint8Array;
  width: number;
  height: number;
  /** Seconds. */
  mediaTime: number;
  /** Whether it is told when the models had it. */
  timed: boolean;
}

/** A new stream. */
export interface OpenMessage {
  type: 'open';
  stream: number;
  /** Number of its first track: it goes on where a worker before it ended. */
  firstTrackId: number;
  /** It takes turns with others at the detector; the readings of a recording depend on its own frames alone. */
  realtime: boolean;
}

export type ToWorker =
  | OpenMessage
  | { type: 'close'; stream: number }
  /** Finish the run in hand, then end. */
  | { type: 'stop' }
  | FrameMessage;

/** The models are open, on this device. `skipped`: devices that `auto` passed over, each with the reason. */
export interface ReadyMessage {
  type: 'ready';
  /** Frames a second that the worker's models could score if they did nothing else; undefined: not measured. */
  modelRate?: number | undefined;
  device: Device;
  precisions: Precisions;
  skipped: string[];
}

/** The models cannot be opened. */
export interface FailedMessage {
  type: 'failed';
  code: MienErrorCode | null;
  message: string;
}

/** Frames that were answered together, and what was done since the ones before. */
export interface ResultsMessage {
  type: 'results';
  results: FrameResult[];
  work: WorkReport;
}

export type FromPrecisionWorker = { type: 'chosen'; choice: PrecisionChoice } | FailedMessage;

export type FromWorker = ReadyMessage | FailedMessage | ResultsMessage;

export interface FrameResult {
  id: number;
  /** Packed readings; null when the frame failed, with `error` saying why. */
  faces: Float32Array | null;
  /** Whether another scene begins with it. */
  cut: boolean;
  /** Of a frame that is timed. */
  times?: ModelTimes | undefined;
  error?: string;
}

/** What a worker did since it last reported. Times in seconds. */
export interface WorkReport {
  /** Frames that were answered. */
  frames: number;
  /** Faces of each run of the ensemble. */
  batchSizes: number[];
  /** Frames that went through the detector. */
  detectedFrames: number;
  /** Of these, frames that went through it at half their size as well. */
  halfSizeDetections: number;
  detectionSeconds: number;
  ensembleSeconds: number;
  /** From the first run for a frame to its readings: the longest of those that were answered. */
  totalSeconds: number;
}

/** A run of a model; its pixels are shared, and must stay as they are until it is answered. */
export interface ToModelWorker {
  id: number;
  model: ModelKind;
  input: ModelInput;
}

export type FromModelWorker =
  | ReadyMessage
  | FailedMessage
  | { type: 'outputs'; id: number; outputs: Record<string, ModelOutput>; seconds: number }
  | { type: 'run-failed'; id: number; message: string };
