/** Fills timelines with what was recorded, read as aggregates. */
import { AGGREGATE, SESSION } from './documents.js';
import { bucketLength, isLive } from './format.js';
import { mien } from './server.js';
import { Timeline } from './timeline.js';

/** @import { Bucket, SessionDetail, Track } from './types.js' */

/** At most so many faces get a row of the timeline; the others are counted. */
export const MAX_ROWS = 8;
/** At most so many buckets across a recorded session: about as many as a screen can tell apart. */
const MAX_BUCKETS = 300;
/** The server keeps rollups of one second: the shortest bucket there is. */
const ROLLUP_SECONDS = 1;

/**
 * Reads a whole session: a row of all faces together, then rows of the faces with most readings.
 * @param {string} sessionId
 * @param {AbortSignal} signal
 * @returns {Promise<{ timeline: Timeline, running: boolean }>} running: more will be recorded
 */
export async function readSessionTimeline(sessionId, signal) {
  const { tracks, state } = await readSessionDetail(sessionId, signal);
  const seconds = tracks.reduce((latest, { lastSeen }) => Math.max(latest, lastSeen), 0);
  const bucket = bucketLength(seconds, MAX_BUCKETS);
  const timeline = new Timeline({ span: Number.POSITIVE_INFINITY, maxRows: MAX_ROWS + 1 });
  timeline.addBuckets(sessionId, null, await readBuckets({ id: sessionId, bucket }, signal));
  const shown = tracks.toSorted((one, other) => other.readings - one.readings).slice(0, MAX_ROWS);
  for (const { track } of shown.sort((one, other) => one.track - other.track)) {
    timeline.addBuckets(sessionId, track, await readBuckets({ id: sessionId, bucket, track }, signal));
  }
  timeline.facesWithoutRow = tracks.length - shown.length;
  return { timeline, running: isLive(state) };
}

/**
 * Fills the visible part of the timeline before a moment, so that a page that was just opened is not empty.
 * @param {Timeline} timeline
 * @param {{ sessionId: string, mediaTime: number }} moment
 * @param {AbortSignal} signal
 */
export async function backfill(timeline, { sessionId, mediaTime }, signal) {
  const from = Math.max(0, Math.floor(mediaTime - timeline.span));
  const { tracks } = await readSessionDetail(sessionId, signal);
  const seen = tracks
    .filter(({ lastSeen }) => lastSeen > from)
    .sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MAX_ROWS);
  for (const { track } of seen) {
    const buckets = await readBuckets(
      { id: sessionId, bucket: ROLLUP_SECONDS, range: { media: { from } }, track },
      signal,
    );
    timeline.addBuckets(sessionId, track, buckets);
  }
}

/**
 * @typedef {object} SessionPage
 * @property {SessionDetail['state']} state
 * @property {{ nodes: Track[], pageInfo: { hasNextPage: boolean, endCursor: string | null } }} tracks
 */

/**
 * Reads a session with all its faces, page by page.
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<SessionDetail>}
 */
async function readSessionDetail(id, signal) {
  /** @type {Track[]} */
  const tracks = [];
  /** @type {string | null} */
  let after = null;
  for (;;) {
    /** @type {{ session: SessionPage | null }} */
    const answer = await mien.request(SESSION, { id, after }, { signal });
    const { session } = answer;
    if (session === null) throw new Error('This session is no more: it was removed.');
    const { nodes, pageInfo } = session.tracks;
    tracks.push(...nodes);
    if (!pageInfo.hasNextPage) return { state: session.state, tracks };
    after = pageInfo.endCursor;
  }
}

/**
 * @param {{ id: string, bucket: number, range?: { media: { from: number } }, track?: Track['track'] }} variables
 * @param {AbortSignal} signal
 * @returns {Promise<Bucket[]>}
 */
async function readBuckets(variables, signal) {
  /** @type {{ session: { aggregate: Bucket[] } | null }} */
  const { session } = await mien.request(AGGREGATE, variables, { signal });
  return session?.aggregate ?? [];
}
