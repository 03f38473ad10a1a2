/** Shows one stream as it happens. */

import { createLagDetector, messageOf } from '../client.js';
import { MOMENTS } from '../documents.js';
import { count } from '../format.js';
import { mien } from '../graphql-client.js';
import { whileVisible } from '../page/visibility.js';
import { createLiveTimeline, SPAN_SECONDS } from './live-timeline.js';
import { watchStaleness } from './staleness.js';

/** @import { FollowOptions } from '../client.js' */
/** @import { PageHandlers } from '../page-handlers.d.ts' */
/** @import { Moment, Stream } from '../types.js' */

/**
 * @param {Stream} stream
 * @param {PageHandlers} page
 * @returns {() => void} stops watching
 */
export function openLiveView(stream, page) {
  /** @type {string | null} */
  let after = null;
  const lossCounter = createLossCounter(page.onCounts);
  const timeline = createLiveTimeline(stream, page);
  const staleness = watchStaleness(stream.frameRate);
  const isBehind = createLagDetector();
  const stopWatching = whileVisible((hiddenMs) => {
    const stop = new AbortController();
    // Moments that have left the visible part meanwhile would be fetched for nothing.
    if (hiddenMs > SPAN_SECONDS * 1000) after = null;
    if (after === null) timeline.open();
    const show = (/** @type {Moment} */ moment) => {
      after = moment.cursor;
      staleness.seen();
      lossCounter.add(moment);
      timeline.show(moment, stop.signal);
    };
    follow(stream.id, show, { after, isBehind, signal: stop.signal, page }).catch((problem) =>
      page.onConnection({ state: 'stopped', reason: messageOf(problem) }),
    );
    return () => stop.abort();
  });
  return () => {
    stopWatching();
    timeline.close();
    staleness.close();
  };
}

/**
 * @param {string} streamId
 * @param {(moment: Moment) => void} show
 * @param {Pick<FollowOptions, 'after' | 'isBehind' | 'signal'> & { page: PageHandlers }} options
 */
async function follow(streamId, show, { page, ...options }) {
  const onGap = (/** @type {Error} */ { message }) => page.onNote(message);
  const moments = /** @type {AsyncGenerator<Moment>} */ (
    mien.follow(MOMENTS, { streamId }, { ...options, onGap, onConnection: page.onConnection })
  );
  for await (const moment of moments) show(moment);
}

/**
 * Counts frames that were not scored and moments that were not sent, and says so in a sentence.
 * @param {(sentence: string) => void} onCounts
 */
function createLossCounter(onCounts) {
  let dropped = 0;
  let skipped = 0;
  const tell = () => {
    const scored = dropped === 0 ? 'No frame was dropped' : `${count(dropped, 'frame')} dropped, not scored`;
    const shown =
      skipped === 0
        ? 'no moment skipped'
        : `${count(skipped, 'moment')} skipped, because this page was too slow; they are stored`;
    onCounts(`${scored}; ${shown}, since you opened it.`);
  };
  tell();
  return {
    /** @param {Moment} moment */
    add({ droppedBefore, skippedBefore }) {
      if (droppedBefore + skippedBefore === 0) return;
      dropped += droppedBefore;
      skipped += skippedBefore;
      tell();
    },
  };
}
