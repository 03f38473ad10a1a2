/**
 * The GraphQL documents of the page. All pages that watch one stream send the same text and variables, so that the
 * server shares one execution among them. They select only what is drawn.
 */

/** Milliseconds of media time between moments: 15 a second are as many as an eye follows in numbers and lines. */
export const MOMENT_INTERVAL_MS = 66;

export const STREAMS = `query DashboardStreams($after: String) {
  streams(first: 100, after: $after) {
    nodes { id name purpose frameRate effectiveFrameRate source { kind location } latestSession { id state failure startedAt } }
    pageInfo { hasNextPage endCursor }
  }
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

/** Faces in one page of a session's. */
export const TRACKS_PER_PAGE = 1000;

export const SESSION = `query DashboardSession($id: ID!, $after: String) {
  session(id: $id) {
    state
    tracks(first: ${TRACKS_PER_PAGE}, after: $after) {
      nodes { track: number firstSeen lastSeen readings }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

export const FRAME = `query DashboardFrame($id: ID!) {
  session(id: $id) { frameWidth frameHeight }
}`;

export const SUMMARY = `query DashboardSummary($id: ID!) {
  session(id: $id) {
    id state failure
    summary {
      frames faces abstained coverage seconds tracks valence arousal quality
      expressions { expression share seconds } dropped { reason frames }
    }
  }
}`;

/** Buckets of one face, or without `track` of all together; the server reads rollups for them, not moments. */
export const AGGREGATE = `query DashboardAggregate($id: ID!, $bucket: Float!, $range: RangeInput, $track: Int) {
  session(id: $id) {
    aggregate(bucket: $bucket, range: $range, track: $track) {
      start end faces abstained probabilities { expression probability } valence arousal
    }
  }
}`;

export const REGISTER = `mutation DashboardRegister($input: RegisterStreamInput!) {
  registerStream(input: $input) { stream { id } }
}`;

export const START =
  'mutation DashboardStart($id: ID!) { startStream(input: { id: $id }) { session { id } } }';
export const STOP = 'mutation DashboardStop($id: ID!) { stopStream(input: { id: $id }) { session { id } } }';
export const REMOVE =
  'mutation DashboardRemove($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }';

export const PURPOSES = `query DashboardPurposes {
  __type(name: "Purpose") { enumValues { name description } }
}`;
