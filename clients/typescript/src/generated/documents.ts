/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Where a session is in its life. */
export type SessionState =
  /** The source is being opened. */
  | 'STARTING'
  /** Frames are being scored. */
  | 'RUNNING'
  /** The live source went silent; mien tries again, and the session goes on when it is back. */
  | 'RECONNECTING'
  /** It came to its end, or was stopped. */
  | 'ENDED'
  /** It could not go on; `failure` says why. */
  | 'FAILED'
  /** The server went away in the middle. All moments that anyone was shown are kept. */
  | 'INTERRUPTED';

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

/** What a stream is analysed for. Inferring emotions at work and in education is forbidden in the EU. */
export type Purpose =
  /** Scientific, UX or market research with people who agreed to it. */
  | 'RESEARCH'
  /** Analysing published media. */
  | 'MEDIA_ANALYTICS'
  /** Helping people perceive or produce expressions. */
  | 'ACCESSIBILITY'
  /** Games, art and installations. */
  | 'ENTERTAINMENT'
  /** Medical use. */
  | 'MEDICAL'
  /** Safety, such as noticing a tired driver. */
  | 'SAFETY'
  /** Watching people at work. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f). */
  | 'WORKPLACE'
  /** Watching people in education. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f). */
  | 'EDUCATION';

/** Which streams are scored less often first when this machine has not the time for all. Recordings that are read as fast as they are scored wait for all of them. */
export type Priority =
  /** Gives its frames first. */
  | 'LOW'
  /** Gives its frames when those of priority LOW have none left to give. */
  | 'NORMAL'
  /** Keeps its frames the longest. */
  | 'HIGH';

/** How large the picture is in which faces are looked for. The larger, the smaller the faces that are found, and the dearer every frame; what the frames of a real-time stream cost too much is dropped. */
export type DetectSize =
  /** Made smaller until its longer side is 640 pixels: faces from 18 pixels of that, 54 of 1080p, 108 of 4K. */
  | 'STANDARD'
  /** Until its longer side is 1280 pixels: faces half as large. In 1080p a frame takes about 1.4 times the processor time. */
  | 'LARGE'
  /** As large as it is, in overlapping parts where it is larger than 2112 pixels: faces from 18 pixels. In 1080p a frame takes about twice the processor time, in 4K several times. */
  | 'FULL';

/** Which frames of a source are scored. */
export type FrameTiming =
  /** Those that lie closest behind an even grid: all frames are decoded for it. */
  | 'EVEN'
  /** As many as were asked for, of those that are cheap to decode: frames that no other refers to are left out where enough others remain. A frame then lies less than 0.1 s from the even grid at ten a second, and has its own true time. */
  | 'NEAREST';

/** Which end of a list comes first. */
export type OrderDirection =
  /** The least, or the oldest. */
  | 'ASC'
  /** The greatest, or the newest. */
  | 'DESC';

/** What streams are ordered by. */
export type StreamOrderField =
  /** When they were registered. */
  | 'CREATED_AT'
  /** Their names, as the database compares text; those of one name by when they were registered. */
  | 'NAME';

/** What sessions are ordered by. */
export type SessionOrderField =
  /** When they began. */
  | 'STARTED_AT'
  /** When they ended; those that run are the newest. */
  | 'ENDED_AT';

/** How a source was named. */
export type SourceKind =
  /** An address on the network. */
  | 'URL'
  /** A file in the media directory. */
  | 'FILE'
  /** A file that was uploaded. */
  | 'UPLOAD'
  /** A camera of the server. */
  | 'DEVICE'
  /** Sent to mien by whoever knows its address. */
  | 'PUSH';

/** Which faces are wanted: those for which all of this holds. Moments without such a face are left out, and of the others `faces` holds such faces only. */
export type FaceFilter = {
  /** The face, as in `FaceReading.track`, from 1. Its number means something within a session only. */
  readonly track?: number | null | undefined;
  /** The apparent expression. A face of which mien abstained has none. */
  readonly expression?: Expression | null | undefined;
  /** Least `FaceReading.confidence`, 0 to 1. */
  readonly minConfidence?: number | null | undefined;
};

/** A stretch of media time, in seconds since the source’s own start. `from` is part of it, `to` is not; without one of them it is open at that end. */
export type MediaRangeInput = {
  /** Where it begins: 0 or more seconds. */
  readonly from?: number | null | undefined;
  /** Where it ends, in seconds: greater than `from`. */
  readonly to?: number | null | undefined;
};

/** A stretch of time by the clock of the server that scored the frames. `from` is part of it, `to` is not; without one of them it is open at that end. */
export type WallRangeInput = {
  /** When it begins. */
  readonly from?: string | null | undefined;
  /** When it ends: later than `from`. */
  readonly to?: string | null | undefined;
};

/** A stretch of time: exactly one of these. `BAD_INPUT` where it ends before it begins, or holds nothing. */
export type RangeInput =
  {   /** By media time. */
  readonly media: MediaRangeInput; readonly wall?: never; }
  |  { readonly media?: never;   /** By the wall clock. */
  readonly wall: WallRangeInput; };

/** A tag of a stream or a session. */
export type TagInput = {
  /** 1 to 64 letters, digits and `_`, `.` or `-`. */
  readonly key: string;
  /** 1 to 256 characters, without line breaks. */
  readonly value: string;
};

/** Which streams: those of which all of this is true. An empty list has nothing; what is left out or null is not asked for. */
export type StreamFilter = {
  /** One of these, 1000 at most; those that are not there are passed over. */
  readonly ids?: ReadonlyArray<string> | null | undefined;
  /** Its name has this in it, in whatever case; 1 to 200 characters. */
  readonly name?: string | null | undefined;
  /** Its newest session is in one of these; a stream that never ran is in none. */
  readonly states?: ReadonlyArray<SessionState> | null | undefined;
  /** It is analysed for one of these. */
  readonly purposes?: ReadonlyArray<Purpose> | null | undefined;
  /** It has all of these tags. */
  readonly tags?: ReadonlyArray<TagInput> | null | undefined;
};

/** Which sessions: those of which all of this is true. An empty list has nothing; what is left out or null is not asked for. */
export type SessionFilter = {
  /** One of these, 1000 at most; those that are not there are passed over. */
  readonly ids?: ReadonlyArray<string> | null | undefined;
  /** Of one of these streams, 1000 at most; those that are not there are passed over. */
  readonly streamIds?: ReadonlyArray<string> | null | undefined;
  /** It is in one of these states. */
  readonly states?: ReadonlyArray<SessionState> | null | undefined;
  /** Its stream is analysed for one of these. */
  readonly purposes?: ReadonlyArray<Purpose> | null | undefined;
  /** It has all of these tags. */
  readonly tags?: ReadonlyArray<TagInput> | null | undefined;
  /** Some of its time lies in this stretch: by the wall clock from `startedAt` to `endedAt`, in media time from its first frame to its last. Where a clock was set meanwhile its frames may be of other times: what is summed up goes by those. */
  readonly range?: RangeInput | null | undefined;
};

/** The order of streams. */
export type StreamOrder = {
  /** By what. */
  readonly field: StreamOrderField;
  /** Which of them come first. */
  readonly direction?: OrderDirection;
};

/** The order of sessions. */
export type SessionOrder = {
  /** By what. */
  readonly field: SessionOrderField;
  /** Which of them come first. */
  readonly direction?: OrderDirection;
};

/** Video that is sent to mien, from a browser’s camera or by a program. `{}` is enough. */
export type PushSourceInput = {
  /** When the address ends by itself that it is sent to; left out: it does not. */
  readonly expiresAt?: string | null | undefined;
};

/** Where video comes from: exactly one of these. */
export type SourceInput =
  {   /** An address: `http(s)://` (files and HLS), `rtsp(s)://` or `rtmp(s)://`. */
  readonly url: string; readonly file?: never; readonly upload?: never; readonly device?: never; readonly demo?: never; readonly push?: never; }
  |  { readonly url?: never;   /** A path inside the server’s `MIEN_MEDIA_DIR`. */
  readonly file: string; readonly upload?: never; readonly device?: never; readonly demo?: never; readonly push?: never; }
  |  { readonly url?: never; readonly file?: never;   /** The token that `POST /uploads` gave. */
  readonly upload: string; readonly device?: never; readonly demo?: never; readonly push?: never; }
  |  { readonly url?: never; readonly file?: never; readonly upload?: never;   /** A camera of the server, such as `/dev/video0`; of one of several, by what that is called (`MIEN_DEVICE_HOST`), such as `lab-1:/dev/video0`. */
  readonly device: string; readonly demo?: never; readonly push?: never; }
  |  { readonly url?: never; readonly file?: never; readonly upload?: never; readonly device?: never;   /** With true the clip that mien comes with, to try it; it is kept as an upload. */
  readonly demo: boolean; readonly push?: never; }
  |  { readonly url?: never; readonly file?: never; readonly upload?: never; readonly device?: never; readonly demo?: never;   /** Nothing that mien fetches: it is sent to the address in `ingest` of the payload. */
  readonly push: PushSourceInput; };

/** What is to change of a stream. What is left out stays as it is. */
export type UpdateStreamInput = {
  /** Id of the stream. */
  readonly id: string;
  /** A name for people, 1 to 200 characters. Takes effect at once. Left out: it stays. */
  readonly name?: string | null | undefined;
  /** All of its tags from now on. At once for who may see the stream, with all of its sessions; sessions that have begun keep theirs. Left out: they stay. */
  readonly tags?: ReadonlyArray<TagInput> | null | undefined;
  /** Hours after which what was recorded from it is deleted, 1 to 876000; null: as the server says. Old recordings are looked for every hour. Takes effect at once. Left out: it stays. */
  readonly retention?: number | null | undefined;
  /** Whether it is scored less often before others, or after them, when this machine is busy. Takes effect at once. Left out: it stays. */
  readonly priority?: Priority | null | undefined;
  /** Whether those who may see the stream may look at its picture while it runs: at `Session.previewUrl` of the session that runs, in the colours of its source; where this was allowed while a session ran, gray until the next one. Nothing of it is kept. Who looks is sent away within two seconds of false. Left out: it stays. */
  readonly preview?: boolean | null | undefined;
  /** Frames scored per second of video, 0.1 to 60. A session that runs keeps its own; the next one has it. Left out: it stays. */
  readonly frameRate?: number | null | undefined;
  /** Which of its frames are scored; null: by the kind of its source. A session that runs keeps its own; the next one has it. Left out: it stays. */
  readonly timing?: FrameTiming | null | undefined;
  /** Whether to start again at the end; files and uploads only. A session that runs keeps its own; the next one has it. Left out: it stays. */
  readonly loop?: boolean | null | undefined;
  /** How large the pictures are in which faces are looked for. A session that runs keeps its own; the next one has it. Left out: it stays. */
  readonly detectSize?: DetectSize | null | undefined;
  /** Time constant of the smoothing of scores along a track, in seconds of media time: a reading so old counts 1/e of a new one. The larger, the steadier labels are, and the later they change; 0: each frame by itself. 0 to 10, in steps of 0.001; 0.25 where nobody said. A session that runs keeps its own; the next one has it. Left out: it stays. */
  readonly smoothing?: number | null | undefined;
};

/** A stream to watch. */
export type RegisterStreamInput = {
  /** A name for people, 1 to 200 characters. */
  readonly name: string;
  /** Where the video comes from. */
  readonly source: SourceInput;
  /** What it is analysed for. */
  readonly purpose: Purpose;
  /** Frames scored per second of video, 0.1 to 60. */
  readonly frameRate?: number | null | undefined;
  /** Whether it is scored less often before others, or after them, when this machine is busy. */
  readonly priority?: Priority | null | undefined;
  /** How large the pictures are in which faces are looked for. */
  readonly detectSize?: DetectSize | null | undefined;
  /** Which of its frames are scored; null: NEAREST for what runs in real time, EVEN for recordings that do not. NEAREST has no effect on recordings that come over a network. */
  readonly timing?: FrameTiming | null | undefined;
  /** Time constant of the smoothing of scores along a track, in seconds of media time: a reading so old counts 1/e of a new one. The larger, the steadier labels are, and the later they change; 0: each frame by itself. 0 to 10, in steps of 0.001. */
  readonly smoothing?: number | null | undefined;
  /** Hours after which what was recorded from it is deleted, longer or shorter than the server’s own (`MIEN_RETENTION`); null: as the server says. Whole days end with their day (UTC). Old recordings are looked for every hour. From 1 to 876000. */
  readonly retention?: number | null | undefined;
  /** Which of the source’s video tracks is read, from 1; cover pictures do not count. Null: the one that the source calls its default, otherwise the first. */
  readonly videoTrack?: number | null | undefined;
  /** Keys and values to find it by, and to say who may see it; 20 at most. */
  readonly tags?: ReadonlyArray<TagInput> | null | undefined;
  /** Whether those who may see the stream may look at its picture while it runs: at `Session.previewUrl` of the session that runs, in the colours of its source; where this was allowed while a session ran, gray until the next one. Nothing of it is kept. */
  readonly preview?: boolean | null | undefined;
  /** Whether to start it at once. */
  readonly autoStart?: boolean | null | undefined;
  /** Whether to start again at the end; files and uploads only. */
  readonly loop?: boolean | null | undefined;
  /** Whether to read at the pace of the clock; null: live sources are, files are read as fast as they are scored. */
  readonly realtime?: boolean | null | undefined;
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

export type SessionStateFragment = { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null };

export type StreamStateFragment = { readonly id: string, readonly name: string, readonly purpose: Purpose, readonly frameRate: number, readonly effectiveFrameRate: number | null, readonly tags: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly source: { readonly kind: SourceKind, readonly location: string | null }, readonly latestSession: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null };

export type StreamsQueryVariables = Exact<{
  filter?: StreamFilter | null | undefined;
  orderBy?: StreamOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type StreamsQuery = { readonly streams: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly purpose: Purpose, readonly frameRate: number, readonly effectiveFrameRate: number | null, readonly tags: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly source: { readonly kind: SourceKind, readonly location: string | null }, readonly latestSession: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type StreamQueryVariables = Exact<{
  id: string;
}>;


export type StreamQuery = { readonly stream: { readonly id: string, readonly name: string, readonly purpose: Purpose, readonly frameRate: number, readonly effectiveFrameRate: number | null, readonly tags: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly source: { readonly kind: SourceKind, readonly location: string | null }, readonly latestSession: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null } | null };

export type SessionsQueryVariables = Exact<{
  filter?: SessionFilter | null | undefined;
  orderBy?: SessionOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SessionsQuery = { readonly sessions: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RegisterStreamMutationVariables = Exact<{
  input: RegisterStreamInput;
}>;


export type RegisterStreamMutation = { readonly registerStream: { readonly alreadyRegistered: boolean, readonly stream: { readonly id: string, readonly name: string, readonly purpose: Purpose, readonly frameRate: number, readonly effectiveFrameRate: number | null, readonly tags: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly source: { readonly kind: SourceKind, readonly location: string | null }, readonly latestSession: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null }, readonly session: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null } };

export type UpdateStreamMutationVariables = Exact<{
  input: UpdateStreamInput;
}>;


export type UpdateStreamMutation = { readonly updateStream: { readonly stream: { readonly id: string, readonly name: string, readonly purpose: Purpose, readonly frameRate: number, readonly effectiveFrameRate: number | null, readonly tags: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly source: { readonly kind: SourceKind, readonly location: string | null }, readonly latestSession: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } | null } } };

export type StartStreamMutationVariables = Exact<{
  id: string;
}>;


export type StartStreamMutation = { readonly startStream: { readonly session: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } } };

export type StopStreamMutationVariables = Exact<{
  id: string;
}>;


export type StopStreamMutation = { readonly stopStream: { readonly session: { readonly id: string, readonly state: SessionState, readonly failure: string | null, readonly startedAt: string, readonly endedAt: string | null } } };

export type RemoveStreamMutationVariables = Exact<{
  id: string;
}>;


export type RemoveStreamMutation = { readonly removeStream: { readonly removedStreamId: string } };

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
export const SessionStateFragmentDoc = new TypedDocumentString(`
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}
    `, {"fragmentName":"SessionState"}) as unknown as TypedDocumentString<SessionStateFragment, unknown>;
export const StreamStateFragmentDoc = new TypedDocumentString(`
    fragment StreamState on Stream {
  id
  name
  purpose
  frameRate
  effectiveFrameRate
  tags {
    key
    value
  }
  source {
    kind
    location
  }
  latestSession {
    ...SessionState
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}`, {"fragmentName":"StreamState"}) as unknown as TypedDocumentString<StreamStateFragment, unknown>;
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
export const StreamsDocument = new TypedDocumentString(`
    query Streams($filter: StreamFilter, $orderBy: StreamOrder, $first: Int, $after: String) {
  streams(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      ...StreamState
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}
fragment StreamState on Stream {
  id
  name
  purpose
  frameRate
  effectiveFrameRate
  tags {
    key
    value
  }
  source {
    kind
    location
  }
  latestSession {
    ...SessionState
  }
}`) as unknown as TypedDocumentString<StreamsQuery, StreamsQueryVariables>;
export const StreamDocument = new TypedDocumentString(`
    query Stream($id: ID!) {
  stream(id: $id) {
    ...StreamState
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}
fragment StreamState on Stream {
  id
  name
  purpose
  frameRate
  effectiveFrameRate
  tags {
    key
    value
  }
  source {
    kind
    location
  }
  latestSession {
    ...SessionState
  }
}`) as unknown as TypedDocumentString<StreamQuery, StreamQueryVariables>;
export const SessionsDocument = new TypedDocumentString(`
    query Sessions($filter: SessionFilter, $orderBy: SessionOrder, $first: Int, $after: String) {
  sessions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      ...SessionState
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}`) as unknown as TypedDocumentString<SessionsQuery, SessionsQueryVariables>;
export const RegisterStreamDocument = new TypedDocumentString(`
    mutation RegisterStream($input: RegisterStreamInput!) {
  registerStream(input: $input) {
    stream {
      ...StreamState
    }
    session {
      ...SessionState
    }
    alreadyRegistered
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}
fragment StreamState on Stream {
  id
  name
  purpose
  frameRate
  effectiveFrameRate
  tags {
    key
    value
  }
  source {
    kind
    location
  }
  latestSession {
    ...SessionState
  }
}`) as unknown as TypedDocumentString<RegisterStreamMutation, RegisterStreamMutationVariables>;
export const UpdateStreamDocument = new TypedDocumentString(`
    mutation UpdateStream($input: UpdateStreamInput!) {
  updateStream(input: $input) {
    stream {
      ...StreamState
    }
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}
fragment StreamState on Stream {
  id
  name
  purpose
  frameRate
  effectiveFrameRate
  tags {
    key
    value
  }
  source {
    kind
    location
  }
  latestSession {
    ...SessionState
  }
}`) as unknown as TypedDocumentString<UpdateStreamMutation, UpdateStreamMutationVariables>;
export const StartStreamDocument = new TypedDocumentString(`
    mutation StartStream($id: ID!) {
  startStream(input: {id: $id}) {
    session {
      ...SessionState
    }
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}`) as unknown as TypedDocumentString<StartStreamMutation, StartStreamMutationVariables>;
export const StopStreamDocument = new TypedDocumentString(`
    mutation StopStream($id: ID!) {
  stopStream(input: {id: $id}) {
    session {
      ...SessionState
    }
  }
}
    fragment SessionState on Session {
  id
  state
  failure
  startedAt
  endedAt
}`) as unknown as TypedDocumentString<StopStreamMutation, StopStreamMutationVariables>;
export const RemoveStreamDocument = new TypedDocumentString(`
    mutation RemoveStream($id: ID!) {
  removeStream(input: {id: $id}) {
    removedStreamId
  }
}
    `) as unknown as TypedDocumentString<RemoveStreamMutation, RemoveStreamMutationVariables>;