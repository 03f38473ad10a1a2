/** Shows one session as it was recorded. */
import { isLive } from './format.js';
import { createOwnProblem } from './page/own-problem.js';
import { readRecording } from './recorded/read-recording.js';
import { watchSummary } from './session-summary.js';

/** @import { PageHandlers } from './page-handlers.d.ts' */

/** Milliseconds between two readings of a session that still runs, or could not be read. */
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
  const problem = createOwnProblem(page.onProblem);
  const closeSummary = watchSummary(sessionId, page.onProblem);
  const view = page.view.recorded(page.onProblem);
  const refresh = async () => {
    let mayChange = true;
    try {
      const recording = await readRecording(sessionId, stop.signal);
      if (stop.signal.aborted) return;
      await view.show(recording);
      mayChange = isLive(recording.state);
      problem.over();
    } catch (found) {
      if (!stop.signal.aborted) problem.tell(found);
    }
    if (mayChange && !stop.signal.aborted) timer = setTimeout(refresh, REFRESH_MS);
  };
  void refresh();
  return () => {
    stop.abort();
    clearTimeout(timer);
    closeSummary();
    view.close();
  };
}
