/** Shows one stream as it happens. */
import { MOMENTS } from './documents.js';
import { createLagDetector, followStream } from './follow-stream.js';
import { count } from './format.js';
import { subscribe } from './graphql-client.js';
import { createLiveTimeline, SPAN_SECONDS } from './live-timeline.js';
import { whileVisible } from './visibility.js';

/** @import { PageHandlers } from './page-handlers.d.ts' */
/** @import { Moment, Stream } from './types.js' */

/**
 * @param {Stream} stream
 * @param {PageHandlers} page
 * @returns {() => void} stops watching
 */
export function watchStream(stream, page) {
  /** @type {string | null} */
  let after = null;
  const lossCounter = createLossCounter(page.onCounts);
  const timeline = createLiveTimeline(stream, page);
  const isBehind = createLagDetector();
  const stopWatching = whileVisible((hiddenMs) => {
    const stop = new AbortController();
    // Moments that have left the visible part meanwhile would be fetched for nothing.
    if (hiddenMs > SPAN_SECONDS * 1000) after = null;
    if (after === null) timeline.open();
    followStream({
      open: (cursor, signal, onOpen) => openMoments(stream.id, cursor, { signal, onOpen }),
      onMoment(moment) {
        after = moment.cursor;
        lossCounter.add(moment);
        timeline.show(moment, stop.signal);
      },
      onConnection: page.onConnection,
      onGap: page.onNote,
      signal: stop.signal,
      after,
      isBehind,
    }).catch(page.onProblem);
    return () => stop.abort();
  });
  return () => {
    stopWatching();
    timeline.close();
  };
}

/**
 * @param {string} streamId
 * @param {string | null} after
 * @param {{ signal: AbortSignal, onOpen: () => void }} options
 * @returns {AsyncGenerator<Moment>}
 */
async function* openMoments(streamId, after, options) {
  // Without `after` at all, everybody's variables are the same, and one subscription serves them.
  const variables = after === null ? { streamId } : { streamId, after };
  const results = /** @type {AsyncGenerator<{ frameEmotions: Moment }>} */ (
    subscribe(MOMENTS, variables, options)
  );
  for await (const { frameEmotions } of results) yield frameEmotions;
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
