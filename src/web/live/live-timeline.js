/** The timeline and the summary of a stream that is watched, from one of its sessions to the next. */

import { Timeline } from '../chart/timeline.js';
import { ConnectionLost } from '../client.js';
import { MOMENT_INTERVAL_MS } from '../documents.js';
import { createFrameSizeReader } from '../frame-size.js';
import { watchSummary } from '../session-summary.js';
import { backfill, MAX_ROWS } from '../streams/backfill-timeline.js';

/** @import { Moment, Stream } from '../types.js' */
/** @import { PageHandlers } from '../page-handlers.d.ts' */

/** Seconds of the timeline that are kept and shown. */
export const SPAN_SECONDS = 60;

/**
 * @param {Stream} stream
 * @param {Pick<PageHandlers, 'view' | 'onProblem' | 'onSession'>} page
 */
export function createLiveTimeline({ frameRate, latestSession }, { view, onProblem, onSession }) {
  const step = Math.max(1 / frameRate, MOMENT_INTERVAL_MS / 1000);
  const emptyTimeline = () => new Timeline({ span: SPAN_SECONDS, maxRows: MAX_ROWS, step });
  let timeline = emptyTimeline();
  let backfilled = false;
  const summary = createLatestSummary(latestSession?.id ?? null, { onProblem, onSession });
  const readFrameSize = createFrameSizeReader(view.setFrameSize, onProblem);

  return {
    /** Begins with an empty timeline. */
    open() {
      timeline = emptyTimeline();
      backfilled = false;
      view.open(timeline);
    },
    /**
     * @param {Moment} moment
     * @param {AbortSignal} signal
     */
    show(moment, signal) {
      view.show(moment);
      readFrameSize(moment.sessionId, signal);
      summary.switchTo(moment.sessionId);
      if (backfilled) return;
      backfilled = true;
      backfill(timeline, moment, signal)
        .then(view.refresh)
        .catch((problem) => {
          // When the connection broke, the next moment that comes tries again.
          if (signal.aborted || problem instanceof ConnectionLost) backfilled = false;
          else onProblem(problem);
        });
    },
    close: summary.close,
  };
}

/**
 * Shows the summary of the session that the newest moment is of.
 * @param {string | null} sessionId null: the stream has none yet
 * @param {Pick<PageHandlers, 'onProblem' | 'onSession'>} page
 */
function createLatestSummary(sessionId, { onProblem, onSession }) {
  let close = sessionId === null ? () => {} : watchSummary(sessionId, onProblem);
  return {
    /** @param {string} next */
    switchTo(next) {
      if (next === sessionId) return;
      sessionId = next;
      close();
      close = watchSummary(next, onProblem);
      onSession();
    },
    close: () => close(),
  };
}
