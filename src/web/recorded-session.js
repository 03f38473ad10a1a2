/** Shows one session as it was recorded. */
import { readSessionTimeline } from './session-history.js';
import { watchSummary } from './session-summary.js';

/** @import { PageHandlers } from './page-handlers.d.ts' */

/**
 * @param {string} sessionId
 * @param {PageHandlers} page
 * @returns {() => void} stops the reading of it
 */
export function openRecordedSession(sessionId, page) {
  const stop = new AbortController();
  page.onConnection({ state: 'recorded' });
  page.onCounts('');
  const closeSummary = watchSummary(sessionId, page.onProblem);
  readSessionTimeline(sessionId, stop.signal)
    .then((timeline) => {
      if (!stop.signal.aborted) page.view.open(timeline);
    })
    .catch((problem) => {
      if (!stop.signal.aborted) page.onProblem(problem);
    });
  return () => {
    stop.abort();
    closeSummary();
  };
}
