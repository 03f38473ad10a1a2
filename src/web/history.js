/** What was recorded before, out of the aggregates. */
import { ask } from './client.js';
import { AGGREGATE, SESSION } from './documents.js';
import { bucketFor } from './format.js';
import { Timeline } from './timeline.js';

/** @import { Bucket, SessionDetail, Track } from './types.js' */

/** Faces that get a row; all others are counted. */
export const MAX_ROWS = 8;
/** Buckets across a recorded session: about as many as a screen can tell apart. */
const BUCKETS = 300;
/** A second: what sums are kept by. */
const FINEST_MS = 1000;

/**
 * A whole session: all faces together, then those that were seen most.
 * @param {string} sessionId
 * @param {AbortSignal} signal
 * @returns {Promise<Timeline>}
 */
export async function readSession(sessionId, signal) {
  const { tracks } = await detailOf(sessionId, signal);
  const seconds = Math.max(0, ...tracks.map(({ lastSeen }) => lastSeen));
  const bucket = bucketFor(seconds, BUCKETS);
  const timeline = new Timeline({ span: Number.POSITIVE_INFINITY, maxRows: MAX_ROWS + 1 });
  timeline.addBuckets(sessionId, null, await bucketsOf({ id: sessionId, bucket }, signal));
  const shown = tracks.toSorted((one, other) => other.readings - one.readings).slice(0, MAX_ROWS);
  for (const { track } of shown.sort((one, other) => one.track - other.track)) {
    timeline.addBuckets(sessionId, track, await bucketsOf({ id: sessionId, bucket, track }, signal));
  }
  timeline.hidden = tracks.length - shown.length;
  return timeline;
}

/**
 * Fills the visible stretch before a moment, so that a page that has just been opened is not empty.
 * @param {Timeline} timeline
 * @param {{ sessionId: string, mediaTime: number }} moment
 * @param {AbortSignal} signal
 */
export async function fillBefore(timeline, { sessionId, mediaTime }, signal) {
  const from = Math.max(0, Math.floor(mediaTime - timeline.span));
  const { tracks } = await detailOf(sessionId, signal);
  const seen = tracks
    .filter(({ lastSeen }) => lastSeen > from)
    .sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MAX_ROWS);
  for (const { track } of seen) {
    const buckets = await bucketsOf({ id: sessionId, bucket: FINEST_MS, from, track }, signal);
    timeline.addBuckets(sessionId, track, buckets);
  }
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<SessionDetail>}
 */
async function detailOf(id, signal) {
  /** @type {{ session: SessionDetail | null }} */
  const { session } = await ask(SESSION, { id }, signal);
  if (session === null) throw new Error('This session is no more: it was removed.');
  return session;
}

/**
 * @param {{ id: string, bucket: number, from?: number, track?: Track['track'] }} variables
 * @param {AbortSignal} signal
 * @returns {Promise<Bucket[]>}
 */
async function bucketsOf(variables, signal) {
  /** @type {{ session: { aggregate: Bucket[] } | null }} */
  const { session } = await ask(AGGREGATE, variables, signal);
  return session?.aggregate ?? [];
}
