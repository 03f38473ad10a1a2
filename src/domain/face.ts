/** In the order of the model's output. */
export const EXPRESSIONS = [
  'NEUTRAL',
  'HAPPINESS',
  'SURPRISE',
  'SADNESS',
  'ANGER',
  'DISGUST',
  'FEAR',
  'CONTEMPT',
] as const;
export type Expression = (typeof EXPRESSIONS)[number];

export const QUALITY_ISSUES = ['SMALL', 'BLURRED', 'TURNED', 'COVERED', 'DARK'] as const;
export type QualityIssue = (typeof QUALITY_ISSUES)[number];

/** A point as fractions of the frame, (0, 0) the upper left corner. */
export interface Point {
  x: number;
  y: number;
}

/** A rectangle as fractions of the frame; (x, y) is its upper left corner. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Head pose in degrees. Yaw: positive to the picture's right; pitch: positive up; roll: positive clockwise. */
export interface Pose {
  yaw: number;
  pitch: number;
  roll: number;
}

/** What `vision` says of one face in one frame; nothing here looks at other frames but `track`. */
export interface RawReading {
  /** Number of the track within its session, from 1; it names nobody. */
  track: number;
  box: Box;
  /** Calibrated probabilities in the order of EXPRESSIONS; they sum to 1. */
  probabilities: number[];
  /** 0 to 1; 1: all members of the ensemble agree. */
  agreement: number;
  valence: number;
  arousal: number;
  pose: Pose;
  /** 0 to 1, in the order of the model's `actionUnits`. */
  actionUnits: number[];
  /** 68 points (Multi-PIE order). */
  landmarks: Point[];
  quality: { score: number; issues: QualityIssue[] };
}

/** What `vision` says of one frame. */
export interface FrameReadings {
  faces: RawReading[];
  /** Whether another scene begins with this frame: faces were searched anew, and no track of a frame before goes on. */
  cut: boolean;
  /** Of a frame of which that was asked. */
  times?: ModelTimes | undefined;
}

/** When the models had a frame, in milliseconds since the epoch; null: it did not go through that one. */
export interface ModelTimes {
  detection: Stretch | null;
  scoring: Stretch | null;
}

export interface Stretch {
  from: number;
  to: number;
}

/** A reading with its track's past taken into account. */
export interface FaceReading extends Omit<RawReading, 'probabilities'> {
  /** Null: mien abstains. */
  expression: Expression | null;
  /** The greatest of `probabilities`. */
  confidence: number;
  /** Calibrated, smoothed along the track, sum to 1; the label is theirs. */
  probabilities: number[];
  /** Of this frame alone. */
  rawProbabilities: number[];
}

/** A reading as it is stored: most of it is made when it is asked for, which tables of millions never do. */
export interface StoredReading extends FaceReading {
  /** Of its quality. */
  readonly issues: QualityIssue[];
  /**
   * Writes box, confidence, probabilities, those of this frame alone, agreement, valence, arousal, pose, so many action units,
   * quality, and x and y of each landmark in turn, one behind the other. What it has not is left as it is.
   */
  copyNumbers(numbers: Float64Array, actionUnits: number): void;
}
