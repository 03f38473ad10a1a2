/** Reads a stretch of a recorded session for the chart: a lane of all faces together, then lanes of the faces seen most in it. */

import { inExpressionOrder } from '../chart/timeline.js';
import { MienError } from '../client.js';
import { droppedFrames } from '../format.js';
import { mien } from '../graphql-client.js';
import { LANES, MAX_LANES, SINGLE_MOMENTS } from './documents.js';
import { stillThere } from './read-recording.js';
import { partOf } from './resolution.js';

/** @import { Sample } from '../chart/timeline.js' */
/** @import { Track } from '../types.js' */
/** @import { Episode, LaneBucket, SingleMoment } from './types.js' */
/** @import { Resolution, Stretch } from './resolution.js' */

/** What was scored, and what not, in a stretch of time. @typedef {{ at: number, until: number, coverage: number, dropped: number }} Scored */
/** @typedef {{ track: number | null, samples: Sample[] }} Lane track null: all faces together */
/**
 * @typedef {object} Lanes
 * @property {Stretch} stretch that was read
 * @property {Resolution} resolution
 * @property {Lane[]} lanes
 * @property {Scored[]} scored
 * @property {Episode[]} episodes
 * @property {boolean} moreEpisodes
 * @property {number} withoutLane faces that were seen in it and have no lane
 * @property {boolean} expired whether the moments were deleted or are too dense, so that seconds are shown in their place
 */
/** As much of a recording as is needed for it. @typedef {{ id: string, tracks: readonly Track[] }} Seen */

/**
 * @param {Seen} recording
 * @param {Stretch} stretch
 * @param {Resolution} resolution
 * @param {AbortSignal} signal
 * @returns {Promise<Lanes>}
 */
export async function readLanes({ id, tracks }, stretch, resolution, signal) {
  const seen = tracks.filter(({ firstSeen, lastSeen }) => firstSeen < stretch.to && lastSeen >= stretch.from);
  const shown = seen.toSorted((one, other) => other.readings - one.readings).slice(0, MAX_LANES);
  const numbers = shown.map(({ track }) => track).sort((one, other) => one - other);
  const asked = { id, stretch, resolution, numbers, signal };
  const found = await (resolution.bucket === null ? readMoments(asked) : readBuckets(asked)).catch(
    async (/** @type {unknown} */ problem) => {
      if (!(problem instanceof MienError) || problem.code !== 'READINGS_EXPIRED') throw problem;
      return readSeconds(asked);
    },
  );
  return { stretch, resolution, withoutLane: seen.length - shown.length, expired: false, ...found };
}

/** In place of moments. @param {Omit<Asked, 'resolution'>} asked */
async function readSeconds(asked) {
  const resolution = { bucket: 1 };
  const found = await readBuckets({ ...asked, resolution });
  return { ...found, resolution, expired: found.scored.length > 0 };
}

/**
 * Where no moment came: parts of a second tell a pause from what the retention has deleted, which keeps the sums by the second.
 * @param {Omit<Asked, 'resolution'>} asked
 */
async function readNone(asked) {
  const bucket = partOf(asked.stretch.to - asked.stretch.from);
  if (bucket === undefined) return readSeconds(asked);
  const resolution = { bucket };
  return { ...(await readBuckets({ ...asked, resolution })), resolution };
}

/** @typedef {{ id: string, stretch: Stretch, resolution: Resolution, numbers: readonly number[], signal: AbortSignal }} Asked */

/** @param {Asked} asked */
async function readBuckets({ id, stretch, resolution: { bucket }, numbers, signal }) {
  const faces = Array.from({ length: MAX_LANES }, (_, index) => [
    [`t${index + 1}`, numbers[index] ?? null],
    [`with${index + 1}`, index < numbers.length],
  ]).flat();
  const variables = { id, bucket, range: { media: stretch }, ...Object.fromEntries(faces) };
  /** @type {{ session: (Record<string, LaneBucket[]> & { episodes: EpisodePage }) | null }} */
  const answer = await mien.request(LANES, variables, { signal });
  const session = stillThere(answer.session);
  const { all = [] } = session;
  return {
    lanes: [
      { track: null, samples: all.flatMap(sampleOfBucket) },
      ...numbers.map((track, index) => ({
        track,
        samples: (session[`t${index + 1}`] ?? []).flatMap(sampleOfBucket),
      })),
    ],
    scored: all.map(({ start, end, coverage, dropped }) => ({
      ...{ at: start, until: end, coverage, dropped: droppedFrames(dropped) },
    })),
    ...episodesOf(session.episodes),
  };
}

/** @typedef {{ nodes: Episode[], pageInfo: { hasNextPage: boolean } }} EpisodePage */

/** @param {Asked} asked */
async function readMoments({ id, stretch, numbers, signal }) {
  const variables = { id, range: { media: stretch } };
  /** @type {{ session: { timeline: { nodes: SingleMoment[], pageInfo: { hasNextPage: boolean } }, episodes: EpisodePage } | null }} */
  const answer = await mien.request(SINGLE_MOMENTS, variables, { signal });
  const session = stillThere(answer.session);
  const { nodes, pageInfo } = session.timeline;
  // Denser than the session is on average.
  if (pageInfo.hasNextPage) return readSeconds({ id, stretch, numbers, signal });
  if (nodes.length === 0) return readNone({ id, stretch, numbers, signal });
  const timed = nodes.map((moment, index) => ({ ...moment, until: endOf(moment, nodes[index + 1]) }));
  const lane = (/** @type {number} */ track) =>
    timed.flatMap(({ mediaTime, until, faces }) =>
      faces.filter((face) => face.track === track).map((face) => sampleOf([face], mediaTime, until)),
    );
  const together = timed.filter(({ faces }) => faces.length > 0);
  return {
    lanes: [
      {
        track: null,
        samples: together.map(({ faces, mediaTime, until }) => sampleOf(faces, mediaTime, until)),
      },
      ...numbers.map((track) => ({ track, samples: lane(track) })),
    ],
    scored: timed.map((moment, index) => scoredFrom(moment, timed[index + 1], stretch)),
    ...episodesOf(session.episodes),
  };
}

/** @param {EpisodePage} page */
function episodesOf({ nodes, pageInfo }) {
  return { episodes: nodes, moreEpisodes: pageInfo.hasNextPage };
}

/** A moment stands for as long as the next one says, or, of the last one, as long as it says of the one before. @param {SingleMoment} moment @param {SingleMoment | undefined} next */
function endOf({ mediaTime, previousDuration }, next) {
  const duration = next?.previousDuration ?? previousDuration;
  // Of recordings from before it was kept.
  return mediaTime + (duration > 0 ? duration : next ? Math.min(1, next.mediaTime - mediaTime) : 0.1);
}

/**
 * What was scored from one moment to the next, and how many frames between them were not.
 * @param {SingleMoment & { until: number }} moment
 * @param {SingleMoment | undefined} next
 * @param {Stretch} stretch
 * @returns {Scored}
 */
function scoredFrom({ mediaTime, until }, next, stretch) {
  const end = next?.mediaTime ?? Math.min(stretch.to, until);
  const coverage = end > mediaTime ? Math.min(1, (until - mediaTime) / (end - mediaTime)) : 1;
  return {
    at: mediaTime,
    until: Math.max(end, until),
    coverage,
    dropped: droppedFrames(next?.dropped ?? []),
  };
}

/** @param {SingleMoment['faces']} faces one or more @param {number} at @param {number} until @returns {Sample} */
function sampleOf(faces, at, until) {
  const mean = (/** @type {(face: SingleMoment['faces'][number]) => number} */ of) =>
    faces.reduce((sum, face) => sum + of(face), 0) / faces.length;
  const each = faces.map(({ probabilities }) => inExpressionOrder(probabilities));
  return {
    ...{ at, until },
    probabilities: (each[0] ?? []).map(
      (_, index) => each.reduce((sum, all) => sum + (all[index] ?? 0), 0) / faces.length,
    ),
    abstained: mean(({ expression }) => (expression === null ? 1 : 0)),
    ...{ valence: mean(({ valence }) => valence), arousal: mean(({ arousal }) => arousal) },
  };
}

/** @param {LaneBucket} bucket @returns {Sample[]} none when there was no face */
function sampleOfBucket({ start, end, probabilities, faces, abstained, valence, arousal }) {
  if (probabilities === null || faces === 0) return [];
  return [
    {
      ...{ at: start, until: end, probabilities: inExpressionOrder(probabilities) },
      ...{ abstained: abstained / faces, valence: valence ?? 0, arousal: arousal ?? 0 },
    },
  ];
}
