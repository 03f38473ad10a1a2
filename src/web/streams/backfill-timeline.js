/** Fills timelines with what was recorded, read as sums by the second. */
import { readLanes } from '../recorded/lanes.js';
import { readRecording } from '../recorded/read-recording.js';

/** @import { Timeline } from '../chart/timeline.js' */

/** At most so many faces get a row of the timeline; the others are counted. */
export const MAX_ROWS = 8;
/** The server keeps rollups of one second: the shortest bucket there is. */
const BY_THE_SECOND = { bucket: 1 };

/**
 * Fills the visible part of the timeline before a moment, so that a page that was just opened is not empty.
 * @param {Timeline} timeline
 * @param {{ sessionId: string, mediaTime: number }} moment
 * @param {AbortSignal} signal
 */
export async function backfill(timeline, { sessionId, mediaTime }, signal) {
  const from = Math.max(0, Math.floor(mediaTime - timeline.span));
  const { tracks } = await readRecording(sessionId, signal);
  const seenLast = tracks
    .filter(({ lastSeen }) => lastSeen > from)
    .sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MAX_ROWS);
  const recording = { id: sessionId, tracks: seenLast };
  // Until a second that has begun, which the moments that come go on from.
  const { lanes } = await readLanes(recording, { from, to: Math.ceil(mediaTime) + 1 }, BY_THE_SECOND, signal);
  for (const { track, samples } of lanes) if (track !== null) timeline.addRecorded(sessionId, track, samples);
}
