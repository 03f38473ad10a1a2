/** Shows one session as it was recorded. */
import { ConnectionLost } from './client.js';
import { readSessionTimeline } from './session-history.js';
import { watchSummary } from './session-summary.js';

/** @import { PageHandlers } from './page-handlers.d.ts' */

/** Milliseconds between two readings of a session that still runs. */
const REFRESH_MS = 10_000;

/**
 * Shows it as far as it is recorded, and while it runs again every few seconds.
 * @param {string} sessionId
 * @param {PageHandlers} page
 * @returns {() => void} stops the reading of it
 */
export function openRecordedSession(sessionId, page) {
  const stop = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  page.onConnection({ state: 'recorded' });
  page.onCounts('');
  const closeSummary = watchSummary(sessionId, page.onProblem);
  const refresh = async () => {
    try {
      const { timeline, running } = await readSessionTimeline(sessionId, stop.signal);
      if (stop.signal.aborted) return;
      page.view.open(timeline);
      if (running) timer = setTimeout(refresh, REFRESH_MS);
    } catch (problem) {
      if (stop.signal.aborted) return;
      page.onProblem(problem);
      if (problem instanceof ConnectionLost) timer = setTimeout(refresh, REFRESH_MS);
    }
  };
  void refresh();
  return () => {
    stop.abort();
    clearTimeout(timer);
    closeSummary();
  };
}
