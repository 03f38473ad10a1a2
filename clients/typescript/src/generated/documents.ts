/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What a face apparently expresses: how it looks to an observer, never what the person feels. A face can look happy without happiness. */
export type Expression =
  /** A face at rest. */
  | 'NEUTRAL'
  /** Looks happy: typically raised lip corners and cheeks. */
  | 'HAPPINESS'
  /** Looks surprised: typically raised brows, wide eyes, a dropped jaw. */
  | 'SURPRISE'
  /** Looks sad: typically raised inner brows and lowered lip corners. */
  | 'SADNESS'
  /** Looks angry: typically lowered brows and tightened lids or lips. */
  | 'ANGER'
  /** Looks disgusted: typically a wrinkled nose and a raised upper lip. */
  | 'DISGUST'
  /** Looks afraid: typically raised and drawn-together brows, wide eyes, stretched lips. */
  | 'FEAR'
  /** Looks contemptuous: typically one lip corner tightened and raised. */
  | 'CONTEMPT';

/** A reason to doubt what was read from a face. */
export type QualityIssue =
  /** The face has few pixels. */
  | 'SMALL'
  /** The face is out of focus or moved. */
  | 'BLURRED'
  /** The head is turned far from the camera. */
  | 'TURNED'
  /** Something hides a part of the face. */
  | 'COVERED'
  /** The face has little light. */
  | 'DARK';

/** Which faces are wanted: those for which all of this holds. Moments without such a face are left out, and of the others `faces` holds such faces only. */
export type FaceFilter = {
  /** The face, as in `FaceReading.track`, from 1. Its number means something within a session only. */
  readonly track?: number | null | undefined;
  /** The apparent expression. A face of which mien abstained has none. */
  readonly expression?: Expression | null | undefined;
  /** Least `FaceReading.confidence`, 0 to 1. */
  readonly minConfidence?: number | null | undefined;
};

export type FaceFragment = { readonly track: number, readonly expression: Expression | null, readonly confidence: number, readonly agreement: number, readonly valence: number, readonly arousal: number, readonly box: { readonly x: number, readonly y: number, readonly width: number, readonly height: number }, readonly probabilities: ReadonlyArray<{ readonly expression: Expression, readonly probability: number }>, readonly pose: { readonly yaw: number, readonly pitch: number, readonly roll: number }, readonly actionUnits: ReadonlyArray<{ readonly name: string, readonly intensity: number }>, readonly quality: { readonly score: number, readonly issues: ReadonlyArray<QualityIssue> } };

export type FrameEmotionsSubscriptionVariables = Exact<{
  streamId?: string | null | undefined;
  sessionId?: string | null | undefined;
  after?: string | null | undefined;
  every?: number | null | undefined;
  filter?: FaceFilter | null | undefined;
}>;


export type FrameEmotionsSubscription = { readonly frameEmotions: { readonly cursor: string, readonly sessionId: string, readonly seq: number, readonly mediaTime: number, readonly wallTime: string, readonly cut: boolean, readonly droppedBefore: number, readonly skippedBefore: number, readonly faces: ReadonlyArray<{ readonly track: number, readonly expression: Expression | null, readonly confidence: number, readonly agreement: number, readonly valence: number, readonly arousal: number, readonly box: { readonly x: number, readonly y: number, readonly width: number, readonly height: number }, readonly probabilities: ReadonlyArray<{ readonly expression: Expression, readonly probability: number }>, readonly pose: { readonly yaw: number, readonly pitch: number, readonly roll: number }, readonly actionUnits: ReadonlyArray<{ readonly name: string, readonly intensity: number }>, readonly quality: { readonly score: number, readonly issues: ReadonlyArray<QualityIssue> } }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const FaceFragmentDoc = new TypedDocumentString(`
    fragment Face on FaceReading {
  track
  box {
    x
    y
    width
    height
  }
  expression
  confidence
  probabilities {
    expression
    probability
  }
  agreement
  valence
  arousal
  pose {
    yaw
    pitch
    roll
  }
  actionUnits {
    name
    intensity
  }
  quality {
    score
    issues
  }
}
    `, {"fragmentName":"Face"}) as unknown as TypedDocumentString<FaceFragment, unknown>;
export const FrameEmotionsDocument = new TypedDocumentString(`
    subscription FrameEmotions($streamId: ID, $sessionId: ID, $after: String, $every: Float, $filter: FaceFilter) {
  frameEmotions(
    streamId: $streamId
    sessionId: $sessionId
    after: $after
    every: $every
    filter: $filter
  ) {
    cursor
    sessionId
    seq
    mediaTime
    wallTime
    cut
    droppedBefore
    skippedBefore
    faces {
      ...Face
    }
  }
}
    fragment Face on FaceReading {
  track
  box {
    x
    y
    width
    height
  }
  expression
  confidence
  probabilities {
    expression
    probability
  }
  agreement
  valence
  arousal
  pose {
    yaw
    pitch
    roll
  }
  actionUnits {
    name
    intensity
  }
  quality {
    score
    issues
  }
}`) as unknown as TypedDocumentString<FrameEmotionsSubscription, FrameEmotionsSubscriptionVariables>;