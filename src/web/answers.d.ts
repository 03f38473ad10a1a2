/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

/** Why a frame was not scored. */
export type DropReason =
  /** There was not the time for it: a newer frame took its place, or it was left out because its stream is scored less often for now (in real time only). */
  | 'BUSY'
  /** It was being scored when its thread died, which was replaced, or when scoring failed. */
  | 'WORKER'
  /** The database was away for too long. */
  | 'STORE'
  /** The source gave none when one was due: it paused or was lost, as a camera that is opened again. Counted are the frames that would have come in that time at its usual interval, also behind the last moment of a session that was stopped while its source was away. */
  | 'SOURCE';

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

/** In which way an output is told. */
export type OutputKind =
  /** Signed requests over HTTP, after Standard Webhooks. */
  | 'WEBHOOK'
  /** Topics of a broker, by MQTT 5, and Home Assistant’s discovery. */
  | 'MQTT'
  /** Open Sound Control over UDP. */
  | 'OSC';

/** What an output is told of, besides what its rules say. */
export type OutputTopic =
  /** Onsets and offsets of episodes. */
  | 'EPISODES'
  /** States of sessions. */
  | 'STATES'
  /** When moments stand for less than 0.9 of the last 10 seconds of media time, and when it is 0.95 again. */
  | 'COVERAGE'
  /** Moments, with their faces: the newest one, where the receiver is slow. Not of webhooks. */
  | 'MOMENTS';

/** How an output is doing. */
export type OutputState =
  /** It is not turned on. */
  | 'OFF'
  /** It was not reached yet. */
  | 'CONNECTING'
  /** What was sent last was taken, or nothing was sent yet. */
  | 'READY'
  /** What was sent last was not taken; `lastError` says why. */
  | 'FAILING'
  /** It is not tried any more, until it is changed; `lastError` says why. */
  | 'STOPPED'
  /** It is turned on, and no worker answers the `mien api` that is asked. */
  | 'UNKNOWN';

/** A stretch of media time, in seconds since the source’s own start. `from` is part of it, `to` is not; without one of them it is open at that end. */
export type MediaRangeInput = {
  /** Where it begins: 0 or more seconds. */
  from?: number | null | undefined;
  /** Where it ends, in seconds: greater than `from`. */
  to?: number | null | undefined;
};

/** A stretch of time by the clock of the server that scored the frames. `from` is part of it, `to` is not; without one of them it is open at that end. */
export type WallRangeInput = {
  /** When it begins. */
  from?: string | null | undefined;
  /** When it ends: later than `from`. */
  to?: string | null | undefined;
};

/** A stretch of time: exactly one of these. `BAD_INPUT` where it ends before it begins, or holds nothing. */
export type RangeInput =
  {   /** By media time. */
  media: MediaRangeInput; wall?: never; }
  |  { media?: never;   /** By the wall clock. */
  wall: WallRangeInput; };

/** A tag of a stream or a session. */
export type TagInput = {
  /** 1 to 64 letters, digits and `_`, `.` or `-`. */
  key: string;
  /** 1 to 256 characters, without line breaks. */
  value: string;
};

/** Which streams: those of which all of this is true. An empty list has nothing; what is left out or null is not asked for. */
export type StreamFilter = {
  /** One of these, 1000 at most; those that are not there are passed over. */
  ids?: Array<string> | null | undefined;
  /** Its name has this in it, in whatever case; 1 to 200 characters. */
  name?: string | null | undefined;
  /** Its newest session is in one of these; a stream that never ran is in none. */
  states?: Array<SessionState> | null | undefined;
  /** It is analysed for one of these. */
  purposes?: Array<Purpose> | null | undefined;
  /** It has all of these tags. */
  tags?: Array<TagInput> | null | undefined;
};

/** The order of streams. */
export type StreamOrder = {
  /** By what. */
  field: StreamOrderField;
  /** Which of them come first. */
  direction?: OrderDirection;
};

/** Video that is sent to mien, from a browser’s camera or by a program. `{}` is enough. */
export type PushSourceInput = {
  /** When the address ends by itself that it is sent to; left out: it does not. */
  expiresAt?: string | null | undefined;
};

/** Where video comes from: exactly one of these. */
export type SourceInput =
  {   /** An address: `http(s)://` (files and HLS), `rtsp(s)://` or `rtmp(s)://`. */
  url: string; file?: never; upload?: never; device?: never; demo?: never; push?: never; }
  |  { url?: never;   /** A path inside the server’s `MIEN_MEDIA_DIR`. */
  file: string; upload?: never; device?: never; demo?: never; push?: never; }
  |  { url?: never; file?: never;   /** The token that `POST /uploads` gave. */
  upload: string; device?: never; demo?: never; push?: never; }
  |  { url?: never; file?: never; upload?: never;   /** A camera of the server, such as `/dev/video0`; of one of several, by what that is called (`MIEN_DEVICE_HOST`), such as `lab-1:/dev/video0`. */
  device: string; demo?: never; push?: never; }
  |  { url?: never; file?: never; upload?: never; device?: never;   /** With true the clip that mien comes with, to try it; it is kept as an upload. */
  demo: boolean; push?: never; }
  |  { url?: never; file?: never; upload?: never; device?: never; demo?: never;   /** Nothing that mien fetches: it is sent to the address in `ingest` of the payload. */
  push: PushSourceInput; };

/** What is to change of a stream. What is left out stays as it is. */
export type UpdateStreamInput = {
  /** Id of the stream. */
  id: string;
  /** A name for people, 1 to 200 characters. Takes effect at once. Left out: it stays. */
  name?: string | null | undefined;
  /** All of its tags from now on. At once for who may see the stream, with all of its sessions; sessions that have begun keep theirs. Left out: they stay. */
  tags?: Array<TagInput> | null | undefined;
  /** Hours after which what was recorded from it is deleted, 1 to 876000; null: as the server says. Old recordings are looked for every hour. Takes effect at once. Left out: it stays. */
  retention?: number | null | undefined;
  /** Whether it is scored less often before others, or after them, when this machine is busy. Takes effect at once. Left out: it stays. */
  priority?: Priority | null | undefined;
  /** Whether those who may see the stream may look at its picture while it runs: at `Session.previewUrl` of the session that runs, in the colours of its source; where this was allowed while a session ran, gray until the next one. Nothing of it is kept. Who looks is sent away within two seconds of false. Left out: it stays. */
  preview?: boolean | null | undefined;
  /** Frames scored per second of video, 0.1 to 60. A session that runs keeps its own; the next one has it. Left out: it stays. */
  frameRate?: number | null | undefined;
  /** Which of its frames are scored; null: by the kind of its source. A session that runs keeps its own; the next one has it. Left out: it stays. */
  timing?: FrameTiming | null | undefined;
  /** Whether to start again at the end; files and uploads only. A session that runs keeps its own; the next one has it. Left out: it stays. */
  loop?: boolean | null | undefined;
  /** How large the pictures are in which faces are looked for. A session that runs keeps its own; the next one has it. Left out: it stays. */
  detectSize?: DetectSize | null | undefined;
  /** Time constant of the smoothing of scores along a track, in seconds of media time: a reading so old counts 1/e of a new one. The larger, the steadier labels are, and the later they change; 0: each frame by itself. 0 to 10, in steps of 0.001; 0.25 where nobody said. A session that runs keeps its own; the next one has it. Left out: it stays. */
  smoothing?: number | null | undefined;
};

/** A stream to watch. */
export type RegisterStreamInput = {
  /** A name for people, 1 to 200 characters. */
  name: string;
  /** Where the video comes from. */
  source: SourceInput;
  /** What it is analysed for. */
  purpose: Purpose;
  /** Frames scored per second of video, 0.1 to 60. */
  frameRate?: number | null | undefined;
  /** Whether it is scored less often before others, or after them, when this machine is busy. */
  priority?: Priority | null | undefined;
  /** How large the pictures are in which faces are looked for. */
  detectSize?: DetectSize | null | undefined;
  /** Which of its frames are scored; null: NEAREST for what runs in real time, EVEN for recordings that do not. NEAREST has no effect on recordings that come over a network. */
  timing?: FrameTiming | null | undefined;
  /** Time constant of the smoothing of scores along a track, in seconds of media time: a reading so old counts 1/e of a new one. The larger, the steadier labels are, and the later they change; 0: each frame by itself. 0 to 10, in steps of 0.001. */
  smoothing?: number | null | undefined;
  /** Hours after which what was recorded from it is deleted, longer or shorter than the server’s own (`MIEN_RETENTION`); null: as the server says. Whole days end with their day (UTC). Old recordings are looked for every hour. From 1 to 876000. */
  retention?: number | null | undefined;
  /** Which of the source’s video tracks is read, from 1; cover pictures do not count. Null: the one that the source calls its default, otherwise the first. */
  videoTrack?: number | null | undefined;
  /** Keys and values to find it by, and to say who may see it; 20 at most. */
  tags?: Array<TagInput> | null | undefined;
  /** Whether those who may see the stream may look at its picture while it runs: at `Session.previewUrl` of the session that runs, in the colours of its source; where this was allowed while a session ran, gray until the next one. Nothing of it is kept. */
  preview?: boolean | null | undefined;
  /** Whether to start it at once. */
  autoStart?: boolean | null | undefined;
  /** Whether to start again at the end; files and uploads only. */
  loop?: boolean | null | undefined;
  /** Whether to read at the pace of the clock; null: live sources are, files are read as fast as they are scored. */
  realtime?: boolean | null | undefined;
};

/** When a face apparently keeps an expression for some time, an output is told. */
export type OutputRuleInput = {
  /** What people call it, 1 to 60 characters; unique within its output. */
  name: string;
  /** The expression. */
  expression: Expression;
  /** For how many seconds of media time it has to last, 0 to 3600. */
  minDuration?: number | null | undefined;
  /** Least confidence of the label, 0 to 1. */
  minConfidence?: number | null | undefined;
  /** Of this track alone, by its number within each session; left out: of any. */
  trackNumber?: number | null | undefined;
};

/** A receiver of signed requests over HTTP. */
export type WebhookInput = {
  /** Where requests are sent, `https://…` or `http://…`. */
  url: string;
  /** `whsec_` and 24 to 64 bytes as base64, by which requests are signed. It is never shown again. Left out: mien makes one, and shows it once. */
  secret?: string | null | undefined;
};

/** What is to change of a receiver of requests. What is left out stays as it is. */
export type WebhookChangeInput = {
  /** Where requests are sent, `https://…` or `http://…`. */
  url?: string | null | undefined;
  /** `whsec_` and 24 to 64 bytes as base64, by which requests are signed. It is never shown again. */
  secret?: string | null | undefined;
};

/** A broker of MQTT 5. */
export type MqttInput = {
  /** The broker: `mqtt://host:1883`, or `mqtts://host:8883` over TLS. */
  url: string;
  /** As whom to connect; null: as nobody. */
  username?: string | null | undefined;
  /** It is never shown again. Null: none. */
  password?: string | null | undefined;
  /** With which all topics begin; `mien` where nobody says. */
  prefix?: string | null | undefined;
  /** With which topics of Home Assistant’s discovery begin, `homeassistant` where nobody says; null: it is told nothing. */
  discoveryPrefix?: string | null | undefined;
  /** Least seconds of media time between two moments of a stream, 0 to 3600; 1 where nobody says, 0: each. */
  momentInterval?: number | null | undefined;
};

/** What is to change of a broker. What is left out stays as it is; but with another `url`, user and password have to be given again. */
export type MqttChangeInput = {
  /** The broker: `mqtt://host:1883`, or `mqtts://host:8883` over TLS. */
  url?: string | null | undefined;
  /** As whom to connect; null: as nobody. */
  username?: string | null | undefined;
  /** It is never shown again. Null: none. */
  password?: string | null | undefined;
  /** With which all topics begin; `mien` where nobody says. */
  prefix?: string | null | undefined;
  /** With which topics of Home Assistant’s discovery begin, `homeassistant` where nobody says; null: it is told nothing. */
  discoveryPrefix?: string | null | undefined;
  /** Least seconds of media time between two moments of a stream, 0 to 3600; 1 where nobody says, 0: each. */
  momentInterval?: number | null | undefined;
};

/** A receiver of Open Sound Control over UDP. */
export type OscInput = {
  /** A name or an address. */
  host: string;
  /** The UDP port, 1 to 65535. */
  port: number;
  /** With which all addresses begin; `/mien` where nobody says. */
  prefix?: string | null | undefined;
};

/** What is to change of a receiver of OSC. What is left out stays as it is. */
export type OscChangeInput = {
  /** A name or an address. */
  host?: string | null | undefined;
  /** The UDP port, 1 to 65535. */
  port?: number | null | undefined;
  /** With which all addresses begin; `/mien` where nobody says. */
  prefix?: string | null | undefined;
};

/** Where an output goes: exactly one of these. A private, loopback or link-local address only an admin may give. */
export type OutputTargetInput =
  {   /** Signed requests over HTTP. */
  webhook: WebhookInput; mqtt?: never; osc?: never; }
  |  { webhook?: never;   /** Topics of a broker. */
  mqtt: MqttInput; osc?: never; }
  |  { webhook?: never; mqtt?: never;   /** Datagrams. */
  osc: OscInput; };

/** What is to change of where an output goes: the one that it is. A private, loopback or link-local address only an admin may give. */
export type OutputTargetChangeInput =
  {   /** Of a webhook. */
  webhook: WebhookChangeInput; mqtt?: never; osc?: never; }
  |  { webhook?: never;   /** Of a broker. */
  mqtt: MqttChangeInput; osc?: never; }
  |  { webhook?: never; mqtt?: never;   /** Of a receiver of datagrams. */
  osc: OscChangeInput; };

/** Another program to tell what happens. */
export type AddOutputInput = {
  /** What people call it, 1 to 100 characters. */
  name: string;
  /** Of which stream it is told; left out: of all. */
  streamId?: string | null | undefined;
  /** Whether to turn it on at once. `testOutput` tries it before that. */
  enabled?: boolean | null | undefined;
  /** What it is told of; left out: of everything (a webhook of no moments), or with `rules` of nothing else. */
  topics?: Array<OutputTopic> | null | undefined;
  /** When it is told besides, 20 rules at most. */
  rules?: Array<OutputRuleInput> | null | undefined;
  /** Where it goes. */
  target: OutputTargetInput;
};

/** What is to change of an output. What is left out stays as it is; its counts begin anew, and what waits is let go of. */
export type UpdateOutputInput = {
  /** Id of the output. */
  id: string;
  /** What people call it, 1 to 100 characters. */
  name?: string | null | undefined;
  /** Whether it is turned on. */
  enabled?: boolean | null | undefined;
  /** All that it is told of from now on. */
  topics?: Array<OutputTopic> | null | undefined;
  /** All of its rules from now on. When it is told besides, 20 rules at most. */
  rules?: Array<OutputRuleInput> | null | undefined;
  /** What of where it goes. */
  target?: OutputTargetChangeInput | null | undefined;
};

export type DashboardAddOutputMutationVariables = Exact<{
  input: AddOutputInput;
}>;


export type DashboardAddOutputMutation = { addOutput: { secret: string | null, output: { id: string } } };

export type DashboardCameraPreviewQueryVariables = Exact<{
  id: string;
}>;


export type DashboardCameraPreviewQuery = { stream: { preview: boolean } | null };

export type DashboardFirstQueryVariables = Exact<{ [key: string]: never; }>;


export type DashboardFirstQuery = { running: { nodes: Array<{ id: string }> }, all: { nodes: Array<{ id: string }> } };

export type DashboardFrameQueryVariables = Exact<{
  id: string;
}>;


export type DashboardFrameQuery = { session: { frameWidth: number | null, frameHeight: number | null } | null };

export type DashboardLanesQueryVariables = Exact<{
  id: string;
  bucket: number;
  range?: RangeInput | null | undefined;
  t1?: number | null | undefined;
  with1: boolean;
  t2?: number | null | undefined;
  with2: boolean;
  t3?: number | null | undefined;
  with3: boolean;
  t4?: number | null | undefined;
  with4: boolean;
  t5?: number | null | undefined;
  with5: boolean;
  t6?: number | null | undefined;
  with6: boolean;
  t7?: number | null | undefined;
  with7: boolean;
  t8?: number | null | undefined;
  with8: boolean;
}>;


export type DashboardLanesQuery = { session: { all: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, dropped: Array<{ reason: DropReason, frames: number }>, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t1?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t2?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t3?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t4?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t5?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t6?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t7?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, t8?: Array<{ start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null }> | null, episodes: { nodes: Array<{ index: number, expression: Expression, onset: number, apex: number, offset: number | null, peak: number, track: number }>, pageInfo: { hasNextPage: boolean } } } | null };

export type LaneFragment = { start: number, end: number, faces: number, abstained: number, coverage: number, valence: number | null, arousal: number | null, probabilities: Array<{ expression: Expression, probability: number }> | null };

export type DashboardMediaFilesQueryVariables = Exact<{
  name?: string | null | undefined;
}>;


export type DashboardMediaFilesQuery = { mediaFiles: { nodes: Array<{ path: string, size: number }>, pageInfo: { hasNextPage: boolean } } };

export type DashboardMomentsSubscriptionVariables = Exact<{
  streamId: string;
  after?: string | null | undefined;
}>;


export type DashboardMomentsSubscription = { frameEmotions: { cursor: string, sessionId: string, seq: number, mediaTime: number, wallTime: string, droppedBefore: number, skippedBefore: number, faces: Array<{ track: number, expression: Expression | null, confidence: number, agreement: number, valence: number, arousal: number, box: { x: number, y: number, width: number, height: number }, probabilities: Array<{ expression: Expression, probability: number }>, landmarks: Array<{ x: number, y: number }> | null, quality: { score: number, issues: Array<QualityIssue> } }> } };

export type DashboardOpenedQueryVariables = Exact<{
  streamId: string;
  sessionId: string;
  withSession: boolean;
}>;


export type DashboardOpenedQuery = { stream: { id: string, name: string, purpose: Purpose, frameRate: number, effectiveFrameRate: number | null, preview: boolean, source: { kind: SourceKind, location: string | null }, latestSession: { id: string, state: SessionState, failure: string | null, startedAt: string } | null } | null, session?: { id: string, state: SessionState, failure: string | null, startedAt: string, stream: { id: string, name: string } } | null };

export type DashboardOutputsQueryVariables = Exact<{ [key: string]: never; }>;


export type DashboardOutputsQuery = { outputs: { nodes: Array<{ id: string, name: string, kind: OutputKind, enabled: boolean, address: string, prefix: string | null, discoveryPrefix: string | null, topics: Array<OutputTopic>, state: OutputState, sent: number | null, failed: number | null, dropped: number | null, waiting: number | null, rules: Array<{ name: string, expression: Expression, minDuration: number, minConfidence: number, trackNumber: number | null }>, lastError: { message: string, at: string | null } | null, stream: { id: string } | null }> } };

export type DashboardPurposesQueryVariables = Exact<{ [key: string]: never; }>;


export type DashboardPurposesQuery = { refusedPurposes: Array<Purpose>, __type: { enumValues: Array<{ name: string, description: string | null }> | null } | null };

export type DashboardRecordingQueryVariables = Exact<{
  id: string;
  after?: string | null | undefined;
}>;


export type DashboardRecordingQuery = { session: { id: string, state: SessionState, recordingUrl: string | null, frameWidth: number | null, frameHeight: number | null, stream: { frameRate: number, loop: boolean }, summary: { start: number, end: number, seconds: number, frames: number, faces: number, coverage: number, dropped: Array<{ reason: DropReason, frames: number }> }, tracks: { nodes: Array<{ firstSeen: number, lastSeen: number, readings: number, track: number }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type DashboardRegisterMutationVariables = Exact<{
  input: RegisterStreamInput;
}>;


export type DashboardRegisterMutation = { registerStream: { alreadyRegistered: boolean, stream: { id: string }, session: { state: SessionState } | null, ingest: { webSocketUrl: string } | null } };

export type DashboardRemoveMutationVariables = Exact<{
  id: string;
}>;


export type DashboardRemoveMutation = { removeStream: { removedStreamId: string } };

export type DashboardRemoveOutputMutationVariables = Exact<{
  id: string;
}>;


export type DashboardRemoveOutputMutation = { removeOutput: { removedOutputId: string } };

export type DashboardRenewAddressMutationVariables = Exact<{
  streamId: string;
}>;


export type DashboardRenewAddressMutation = { renewIngestAddress: { ingest: { webSocketUrl: string } } };

export type DashboardSessionsQueryVariables = Exact<{
  streamId: string;
}>;


export type DashboardSessionsQuery = { sessions: { nodes: Array<{ id: string, state: SessionState, failure: string | null, startedAt: string }> } };

export type DashboardSingleMomentsQueryVariables = Exact<{
  id: string;
  range?: RangeInput | null | undefined;
}>;


export type DashboardSingleMomentsQuery = { session: { timeline: { nodes: Array<{ seq: number, mediaTime: number, previousDuration: number, dropped: Array<{ reason: DropReason, frames: number }>, faces: Array<{ track: number, expression: Expression | null, valence: number, arousal: number, probabilities: Array<{ expression: Expression, probability: number }> }> }>, pageInfo: { hasNextPage: boolean } } | null, episodes: { nodes: Array<{ index: number, expression: Expression, onset: number, apex: number, offset: number | null, peak: number, track: number }>, pageInfo: { hasNextPage: boolean } } } | null };

export type DashboardStageQueryVariables = Exact<{
  id: string;
  range?: RangeInput | null | undefined;
}>;


export type DashboardStageQuery = { session: { timeline: { nodes: Array<{ seq: number, mediaTime: number, sourceTime: number | null, cut: boolean, previousDuration: number, faces: Array<{ track: number, expression: Expression | null, confidence: number, agreement: number, valence: number, arousal: number, box: { x: number, y: number, width: number, height: number }, probabilities: Array<{ expression: Expression, probability: number }>, pose: { yaw: number, pitch: number, roll: number }, actionUnits: Array<{ name: string, intensity: number }>, landmarks: Array<{ x: number, y: number }> | null, quality: { score: number, issues: Array<QualityIssue> } }> }>, pageInfo: { hasNextPage: boolean } } | null } | null };

export type DashboardStartMutationVariables = Exact<{
  id: string;
}>;


export type DashboardStartMutation = { startStream: { session: { id: string } } };

export type DashboardStatusSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type DashboardStatusSubscription = { streamStatus: { streamId: string, state: SessionState, failure: string | null, effectiveFrameRate: number | null, session: { id: string, startedAt: string } | null } };

export type DashboardStopMutationVariables = Exact<{
  id: string;
}>;


export type DashboardStopMutation = { stopStream: { session: { id: string } } };

export type DashboardStreamsQueryVariables = Exact<{
  filter?: StreamFilter | null | undefined;
  orderBy?: StreamOrder | null | undefined;
  first: number;
}>;


export type DashboardStreamsQuery = { streams: { totalCount: number, nodes: Array<{ id: string, name: string, purpose: Purpose, frameRate: number, effectiveFrameRate: number | null, preview: boolean, source: { kind: SourceKind, location: string | null }, latestSession: { id: string, state: SessionState, failure: string | null, startedAt: string } | null }> } };

export type DashboardStreamSettingsQueryVariables = Exact<{
  id: string;
}>;


export type DashboardStreamSettingsQuery = { stream: { id: string, name: string, loop: boolean, realtime: boolean | null, frameRate: number, preview: boolean, retention: number | null, priority: Priority, detectSize: DetectSize, smoothing: number, timing: FrameTiming | null, source: { kind: SourceKind }, tags: Array<{ key: string, value: string }> } | null };

export type DashboardSummaryQueryVariables = Exact<{
  id: string;
}>;


export type DashboardSummaryQuery = { session: { id: string, state: SessionState, failure: string | null, stream: { loop: boolean }, summary: { frames: number, faces: number, abstained: number, coverage: number, seconds: number, tracks: number, valence: number | null, arousal: number | null, quality: number | null, expressions: Array<{ expression: Expression, share: number, seconds: number }>, dropped: Array<{ reason: DropReason, frames: number }> } } | null };

export type DashboardTestOutputMutationVariables = Exact<{
  id: string;
}>;


export type DashboardTestOutputMutation = { testOutput: { ok: boolean, message: string, answer: string | null, milliseconds: number } };

export type DashboardUpdateMutationVariables = Exact<{
  input: UpdateStreamInput;
}>;


export type DashboardUpdateMutation = { updateStream: { stream: { id: string } } };

export type DashboardUpdateOutputMutationVariables = Exact<{
  input: UpdateOutputInput;
}>;


export type DashboardUpdateOutputMutation = { updateOutput: { output: { id: string } } };

export type DashboardWallQueryVariables = Exact<{
  states: Array<SessionState> | SessionState;
  first: number;
}>;


export type DashboardWallQuery = { streams: { totalCount: number, nodes: Array<{ id: string, name: string, latestSession: { id: string, state: SessionState, summary: { coverage: number, dropped: Array<{ reason: DropReason, frames: number }> } } | null }> } };

export type DashboardWallMomentsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type DashboardWallMomentsSubscription = { frameEmotions: { sessionId: string, faces: Array<{ track: number, expression: Expression | null, confidence: number }> } };
