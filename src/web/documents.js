/**
 * The GraphQL documents of the page. All pages that watch one stream send the same text and variables, so that the
 * server shares one execution among them. They select only what is drawn.
 */

export {
  ADD_OUTPUT,
  OUTPUTS,
  REMOVE_OUTPUT,
  TEST_OUTPUT,
  UPDATE_OUTPUT,
} from './outputs/documents.js';
export { LANES, RECORDING, SINGLE_MOMENTS, STAGE } from './recorded/documents.js';

/** Milliseconds of media time between moments: 15 a second are as many as an eye follows in numbers and lines. */
export const MOMENT_INTERVAL_MS = 66;

const STREAM_FIELDS =
  'id name purpose frameRate effectiveFrameRate preview source { kind location } latestSession { id state failure startedAt }';

export const STREAMS = `query DashboardStreams($filter: StreamFilter, $orderBy: StreamOrder, $first: Int!) {
  streams(filter: $filter, orderBy: $orderBy, first: $first) {
    totalCount
    nodes { ${STREAM_FIELDS} }
  }
}`;

export const WALL = `query DashboardWall($states: [SessionState!]!, $first: Int!) {
  streams(filter: { states: $states }, orderBy: { field: NAME }, first: $first) {
    totalCount
    nodes { id name latestSession { id state summary { coverage dropped { reason frames } } } }
  }
}`;

/** One moment a second of every stream that runs. */
export const WALL_MOMENTS = `subscription DashboardWallMoments {
  frameEmotions(every: 1) { sessionId faces { track expression confidence } }
}`;

/** What an address names; each is null where it is not there. */
export const OPENED = `query DashboardOpened($streamId: ID!, $sessionId: ID!, $withSession: Boolean!) {
  stream(id: $streamId) { ${STREAM_FIELDS} }
  session(id: $sessionId) @include(if: $withSession) { id state failure startedAt stream { id name } }
}`;

/** What is opened when the address names nothing: a stream that runs, or else the first of all. */
export const FIRST = `query DashboardFirst {
  running: streams(filter: { states: [STARTING, RUNNING, RECONNECTING] }, first: 1) { nodes { id } }
  all: streams(first: 1) { nodes { id } }
}`;

export const STATUS = `subscription DashboardStatus {
  streamStatus { streamId state failure effectiveFrameRate session { id startedAt } }
}`;

export const MOMENTS = `subscription DashboardMoments($streamId: ID!, $after: String) {
  frameEmotions(streamId: $streamId, after: $after, every: ${MOMENT_INTERVAL_MS / 1000}) {
    cursor sessionId seq mediaTime wallTime droppedBefore skippedBefore
    faces {
      track box { x y width height } expression confidence probabilities { expression probability }
      agreement valence arousal landmarks { x y } quality { score issues }
    }
  }
}`;

export const SESSIONS = `query DashboardSessions($streamId: ID!) {
  sessions(filter: { streamIds: [$streamId] }, first: 50) { nodes { id state failure startedAt } }
}`;

export const FRAME = `query DashboardFrame($id: ID!) {
  session(id: $id) { frameWidth frameHeight }
}`;

export const SUMMARY = `query DashboardSummary($id: ID!) {
  session(id: $id) {
    id state failure stream { loop }
    summary {
      frames faces abstained coverage seconds tracks valence arousal quality
      expressions { expression share seconds } dropped { reason frames }
    }
  }
}`;

export const REGISTER = `mutation DashboardRegister($input: RegisterStreamInput!) {
  registerStream(input: $input) { alreadyRegistered stream { id } session { state } ingest { webSocketUrl } }
}`;

/** All that `UPDATE` may change. */
export const STREAM_SETTINGS = `query DashboardStreamSettings($id: ID!) {
  stream(id: $id) {
    id name loop realtime source { kind } frameRate preview retention priority detectSize smoothing timing tags { key value }
  }
}`;

export const UPDATE = `mutation DashboardUpdate($input: UpdateStreamInput!) {
  updateStream(input: $input) { stream { id } }
}`;

/** Whether others may look at the picture of the camera that is sent. */
export const CAMERA_PREVIEW = 'query DashboardCameraPreview($id: ID!) { stream(id: $id) { preview } }';

/** Where a camera is sent to from now on; the old address ends. */
export const RENEW_ADDRESS = `mutation DashboardRenewAddress($streamId: ID!) {
  renewIngestAddress(input: { streamId: $streamId }) { ingest { webSocketUrl } }
}`;

export const START =
  'mutation DashboardStart($id: ID!) { startStream(input: { id: $id }) { session { id } } }';
export const STOP = 'mutation DashboardStop($id: ID!) { stopStream(input: { id: $id }) { session { id } } }';
export const REMOVE =
  'mutation DashboardRemove($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }';

export const PURPOSES = `query DashboardPurposes {
  __type(name: "Purpose") { enumValues { name description } }
  refusedPurposes
}`;

/** How many files of the server are listed at once. */
export const FILES_PER_LIST = 100;

export const MEDIA_FILES = `query DashboardMediaFiles($name: String) {
  mediaFiles(filter: { name: $name }, first: ${FILES_PER_LIST}) { nodes { path size } pageInfo { hasNextPage } }
}`;
