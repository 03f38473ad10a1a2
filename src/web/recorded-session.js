/** Shows one session as it was recorded. */
import { isLive } from './format.js';
import { createOwnProblem } from './page/own-problem.js';
import { poll } from './page/poll.js';
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
  const { signal } = stop;
  page.onConnection({ state: 'recorded' });
  page.onCounts('');
  const closeSummary = watchSummary(sessionId, page.onProblem);
  const view = page.view.recorded(page.onProblem);
  const refresh = async () => {
    const recording = await readRecording(sessionId, signal);
    if (!signal.aborted) await view.show(recording);
    return isLive(recording.state);
  };
  poll(REFRESH_MS, refresh, { signal, problem: createOwnProblem(page.onProblem) });
  return () => {
    stop.abort();
    closeSummary();
    view.close();
  };
}
