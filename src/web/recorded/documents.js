/** What is asked of a recorded session. Each is one request for all of its faces. */

/** Faces in one page of a session's. */
export const TRACKS_PER_PAGE = 1000;
/** At most so many faces get a lane; the others are counted. */
export const MAX_LANES = 8;
/** Episodes that are shown at once, and moments that are drawn one by one. */
export const MAX_EPISODES = 400;
export const MAX_MOMENTS = 600;

export const RECORDING = `query DashboardRecording($id: ID!, $after: String) {
  session(id: $id) {
    id state recordingUrl frameWidth frameHeight
    stream { frameRate loop }
    summary { start end seconds frames faces coverage dropped { reason frames } }
    tracks(first: ${TRACKS_PER_PAGE}, after: $after) {
      nodes { track: number firstSeen lastSeen readings }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const numbers = Array.from({ length: MAX_LANES }, (_, index) => index + 1);
const EPISODES = `episodes(range: $range, first: ${MAX_EPISODES}) {
      nodes { index track: trackNumber expression onset apex offset peak }
      pageInfo { hasNextPage }
    }`;

/** All faces together, and up to eight of them, in buckets of one length: `t1` is left out where `with1` is false. */
export const LANES = `query DashboardLanes($id: ID!, $bucket: Float!, $range: RangeInput, ${numbers
  .map((n) => `$t${n}: Int, $with${n}: Boolean!`)
  .join(', ')}) {
  session(id: $id) {
    all: aggregate(bucket: $bucket, range: $range) { ...Lane dropped { reason frames } }
    ${numbers.map((n) => `t${n}: aggregate(bucket: $bucket, range: $range, track: $t${n}) @include(if: $with${n}) { ...Lane }`).join('\n    ')}
    ${EPISODES}
  }
}
fragment Lane on TimelineBucket {
  start end faces abstained coverage probabilities { expression probability } valence arousal
}`;

/** The moments themselves, of all faces, without what only the stage shows. */
export const SINGLE_MOMENTS = `query DashboardSingleMoments($id: ID!, $range: RangeInput) {
  session(id: $id) {
    timeline(range: $range, first: ${MAX_MOMENTS}) {
      nodes {
        seq mediaTime previousDuration dropped { reason frames }
        faces { track expression probabilities { expression probability } valence arousal }
      }
      pageInfo { hasNextPage }
    }
    ${EPISODES}
  }
}`;

/** Moments with all that the stage shows. */
export const STAGE = `query DashboardStage($id: ID!, $range: RangeInput) {
  session(id: $id) {
    timeline(range: $range, first: 200) {
      nodes {
        seq mediaTime sourceTime cut previousDuration
        faces {
          track box { x y width height } expression confidence probabilities { expression probability }
          agreement valence arousal pose { yaw pitch roll } actionUnits { name intensity } landmarks { x y }
          quality { score issues }
        }
      }
      pageInfo { hasNextPage }
    }
  }
}`;
