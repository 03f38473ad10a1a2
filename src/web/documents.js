/**
 * The GraphQL documents of the page. All pages that watch one stream send the same text and variables, so that the
 * server shares one execution among them. They select only what is drawn. Their types are made by `npm run client:documents`; what
 * forms say is checked by the server alone.
 */

/** @import { Typed } from './client.js' */
/** @import * as Answers from './answers.js' */
/** @import { SessionState } from './types.js' */

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

export const STREAMS =
  /** @type {Typed<Answers.DashboardStreamsQuery, Answers.DashboardStreamsQueryVariables>} */ (
    `query DashboardStreams($filter: StreamFilter, $orderBy: StreamOrder, $first: Int!) {
  streams(filter: $filter, orderBy: $orderBy, first: $first) {
    totalCount
    nodes { ${STREAM_FIELDS} }
  }
}`
  );

export const WALL =
  /** @type {Typed<Answers.DashboardWallQuery, { states: readonly SessionState[], first: number }>} */ (
    `query DashboardWall($states: [SessionState!]!, $first: Int!) {
  streams(filter: { states: $states }, orderBy: { field: NAME }, first: $first) {
    totalCount
    nodes { id name latestSession { id state summary { coverage dropped { reason frames } } } }
  }
}`
  );

/** One moment a second of every stream that runs. */
export const WALL_MOMENTS =
  /** @type {Typed<Answers.DashboardWallMomentsSubscription, Answers.DashboardWallMomentsSubscriptionVariables>} */ (
    `subscription DashboardWallMoments {
  frameEmotions(every: 1) { sessionId faces { track expression confidence } }
}`
  );

/** What an address names; each is null where it is not there. */
export const OPENED =
  /** @type {Typed<Answers.DashboardOpenedQuery, Answers.DashboardOpenedQueryVariables>} */ (
    `query DashboardOpened($streamId: ID!, $sessionId: ID!, $withSession: Boolean!) {
  stream(id: $streamId) { ${STREAM_FIELDS} }
  session(id: $sessionId) @include(if: $withSession) { id state failure startedAt stream { id name } }
}`
  );

/** What is opened when the address names nothing: a stream that runs, or else the first of all. */
export const FIRST = /** @type {Typed<Answers.DashboardFirstQuery, Answers.DashboardFirstQueryVariables>} */ (
  `query DashboardFirst {
  running: streams(filter: { states: [STARTING, RUNNING, RECONNECTING] }, first: 1) { nodes { id } }
  all: streams(first: 1) { nodes { id } }
}`
);

export const STATUS =
  /** @type {Typed<Answers.DashboardStatusSubscription, Answers.DashboardStatusSubscriptionVariables>} */ (
    `subscription DashboardStatus {
  streamStatus { streamId state failure effectiveFrameRate session { id startedAt } }
}`
  );

export const MOMENTS =
  /** @type {Typed<Answers.DashboardMomentsSubscription, Answers.DashboardMomentsSubscriptionVariables>} */ (
    `subscription DashboardMoments($streamId: ID!, $after: String) {
  frameEmotions(streamId: $streamId, after: $after, every: ${MOMENT_INTERVAL_MS / 1000}) {
    cursor sessionId seq mediaTime wallTime droppedBefore skippedBefore
    faces {
      track box { x y width height } expression confidence probabilities { expression probability }
      agreement valence arousal landmarks { x y } quality { score issues }
    }
  }
}`
  );

export const SESSIONS =
  /** @type {Typed<Answers.DashboardSessionsQuery, Answers.DashboardSessionsQueryVariables>} */ (
    `query DashboardSessions($streamId: ID!) {
  sessions(filter: { streamIds: [$streamId] }, first: 50) { nodes { id state failure startedAt } }
}`
  );

export const FRAME = /** @type {Typed<Answers.DashboardFrameQuery, Answers.DashboardFrameQueryVariables>} */ (
  `query DashboardFrame($id: ID!) {
  session(id: $id) { frameWidth frameHeight }
}`
);

export const SUMMARY =
  /** @type {Typed<Answers.DashboardSummaryQuery, Answers.DashboardSummaryQueryVariables>} */ (
    `query DashboardSummary($id: ID!) {
  session(id: $id) {
    id state failure stream { loop }
    summary {
      frames faces abstained coverage seconds tracks valence arousal quality
      expressions { expression share seconds } dropped { reason frames }
    }
  }
}`
  );

export const REGISTER = /** @type {Typed<Answers.DashboardRegisterMutation, { input: object }>} */ (
  `mutation DashboardRegister($input: RegisterStreamInput!) {
  registerStream(input: $input) { alreadyRegistered stream { id } session { state } ingest { webSocketUrl } }
}`
);

/** All that `UPDATE` may change. */
export const STREAM_SETTINGS =
  /** @type {Typed<Answers.DashboardStreamSettingsQuery, Answers.DashboardStreamSettingsQueryVariables>} */ (
    `query DashboardStreamSettings($id: ID!) {
  stream(id: $id) {
    id name loop realtime source { kind } frameRate preview retention priority detectSize smoothing timing tags { key value }
  }
}`
  );

export const UPDATE =
  /** @type {Typed<Answers.DashboardUpdateMutation, Answers.DashboardUpdateMutationVariables>} */ (
    `mutation DashboardUpdate($input: UpdateStreamInput!) {
  updateStream(input: $input) { stream { id } }
}`
  );

/** Whether others may look at the picture of the camera that is sent. */
export const CAMERA_PREVIEW =
  /** @type {Typed<Answers.DashboardCameraPreviewQuery, Answers.DashboardCameraPreviewQueryVariables>} */ (
    'query DashboardCameraPreview($id: ID!) { stream(id: $id) { preview } }'
  );

/** Where a camera is sent to from now on; the old address ends. */
export const RENEW_ADDRESS =
  /** @type {Typed<Answers.DashboardRenewAddressMutation, Answers.DashboardRenewAddressMutationVariables>} */ (
    `mutation DashboardRenewAddress($streamId: ID!) {
  renewIngestAddress(input: { streamId: $streamId }) { ingest { webSocketUrl } }
}`
  );

export const START =
  /** @type {Typed<Answers.DashboardStartMutation, Answers.DashboardStartMutationVariables>} */ (
    'mutation DashboardStart($id: ID!) { startStream(input: { id: $id }) { session { id } } }'
  );
export const STOP =
  /** @type {Typed<Answers.DashboardStopMutation, Answers.DashboardStopMutationVariables>} */ (
    'mutation DashboardStop($id: ID!) { stopStream(input: { id: $id }) { session { id } } }'
  );
export const REMOVE =
  /** @type {Typed<Answers.DashboardRemoveMutation, Answers.DashboardRemoveMutationVariables>} */ (
    'mutation DashboardRemove($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }'
  );

export const PURPOSES =
  /** @type {Typed<Answers.DashboardPurposesQuery, Answers.DashboardPurposesQueryVariables>} */ (
    `query DashboardPurposes {
  __type(name: "Purpose") { enumValues { name description } }
  refusedPurposes
}`
  );

/** How many files of the server are listed at once. */
export const FILES_PER_LIST = 100;

export const MEDIA_FILES =
  /** @type {Typed<Answers.DashboardMediaFilesQuery, Answers.DashboardMediaFilesQueryVariables>} */ (
    `query DashboardMediaFiles($name: String) {
  mediaFiles(filter: { name: $name }, first: ${FILES_PER_LIST}) { nodes { path size } pageInfo { hasNextPage } }
}`
  );
