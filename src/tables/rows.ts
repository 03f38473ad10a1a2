/** The rows of `mien analyze`: one for each face in a scored frame, and one for a frame without a face. */
import { EXPRESSIONS, type FaceReading, type StoredReading } from '../domain/face.ts';
import type { FrameSize } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';

/** What all rows of a frame say. */
export interface FrameColumns {
  input: string;
  seq: number;
  mediaTime: number;
  /** Seconds that the frame stands for: to the next one, or less where the source paused. */
  duration: number;
  /** Whether another scene begins with it. */
  cut: boolean;
  /** In pixels, of the frame in which faces were looked for: boxes and landmarks are fractions of it. */
  frameWidth: number;
  frameHeight: number;
  /** How many the frame has; of 0 there is one row, without a face. */
  faces: number;
}

/** `FaceReading` under its GraphQL names, with lists that a data frame reads. */
export interface FaceColumns {
  track: number;
  box: [x: number, y: number, width: number, height: number];
  expression: FaceReading['expression'];
  confidence: number;
  probabilities: Record<string, number>;
  rawProbabilities: Record<string, number>;
  agreement: number;
  valence: number;
  arousal: number;
  pose: FaceReading['pose'];
  actionUnits: Record<string, number>;
  landmarks: [x: number, y: number][];
  quality: FaceReading['quality'];
}

/** Each line has the same keys. */
export const NO_FACE: Record<keyof FaceColumns, null> = {
  track: null,
  box: null,
  expression: null,
  confidence: null,
  probabilities: null,
  rawProbabilities: null,
  agreement: null,
  valence: null,
  arousal: null,
  pose: null,
  actionUnits: null,
  landmarks: null,
  quality: null,
};

export interface Row {
  frame: FrameColumns;
  /** As it was scored, or as it is stored; null: the frame has no face. */
  reading: FaceReading | StoredReading | null;
  /** Names of its action units. */
  actionUnits: readonly string[];
  /** The reading with lists and names, made when it is asked for. */
  readonly face: FaceColumns | null;
}

/**
 * A row for each face of a moment, and one for a moment without.
 * @param duration seconds that it stands for
 * @param size of the frame that was scored
 * @param actionUnits names of the action units, in the model's order
 */
export function rowsOf(
  input: string,
  { seq, mediaTime, cut, faces }: Moment,
  duration: number,
  size: FrameSize,
  actionUnits: readonly string[],
): Row[] {
  const frame: FrameColumns = {
    input,
    seq,
    mediaTime,
    duration,
    cut,
    faces: faces.length,
    frameWidth: size.width,
    frameHeight: size.height,
  };
  if (faces.length === 0) return [{ frame, reading: null, actionUnits, face: null }];
  return faces.map((reading) => rowOf(frame, reading, actionUnits));
}

function rowOf(frame: FrameColumns, reading: FaceReading, actionUnits: readonly string[]): Row {
  let made: FaceColumns | null = null;
  return {
    frame,
    reading,
    actionUnits,
    get face() {
      made ??= faceColumns(reading, actionUnits);
      return made;
    },
  };
}

function faceColumns(face: FaceReading, actionUnits: readonly string[]): FaceColumns {
  return {
    track: face.track,
    box: [face.box.x, face.box.y, face.box.width, face.box.height],
    expression: face.expression,
    confidence: face.confidence,
    probabilities: byName(EXPRESSIONS, face.probabilities),
    rawProbabilities: byName(EXPRESSIONS, face.rawProbabilities),
    agreement: face.agreement,
    valence: face.valence,
    arousal: face.arousal,
    pose: face.pose,
    actionUnits: byName(actionUnits, face.actionUnits),
    landmarks: face.landmarks.map(({ x, y }) => [x, y]),
    quality: face.quality,
  };
}

function byName(names: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, index) => [names[index] ?? String(index), value]));
}
