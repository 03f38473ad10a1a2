/** Looking at one stream, live; or at one session, recorded. Each start gives back its stop. */
import { ConnectionLost, listen } from './client.js';
import { EVERY_MS, MOMENTS } from './documents.js';
import { createLag, follow } from './follow.js';
import { count } from './format.js';
import { fillBefore, MAX_ROWS, readSession } from './history.js';
import { createShaper } from './shape.js';
import { showSummary } from './summary.js';
import { Timeline } from './timeline.js';
import { whileVisible } from './visibility.js';

/** @import { Connection, Moment, Stream } from './types.js' */
/** @import { Board } from './board.js' */

/** Seconds of the timeline that are kept and seen. */
export const SPAN = 60;

/**
 * @typedef {object} View
 * @property {Board} board
 * @property {(connection: Connection | { state: 'recorded' }) => void} onConnection
 * @property {(problem: unknown) => void} onProblem
 * @property {(sentence: string) => void} onNote
 * @property {(sentence: string) => void} onCounts
 * @property {() => void} onSession another session has begun
 */

/**
 * @param {Stream} stream
 * @param {View} view
 * @returns {() => void}
 */
export function watchStream(stream, view) {
  /** @type {string | null} */
  let after = null;
  const losses = createLosses(view.onCounts);
  const sitting = createSitting(stream, view);
  const isBehind = createLag();
  const stopSeeing = whileVisible((hiddenMs) => {
    const stop = new AbortController();
    // What left the visible stretch meanwhile would be fetched for nothing.
    if (hiddenMs > SPAN * 1000) after = null;
    if (after === null) sitting.open();
    follow({
      open: (cursor, signal, onOpen) => openMoments(stream.id, cursor, { signal, onOpen }),
      onMoment(moment) {
        after = moment.cursor;
        losses.add(moment);
        sitting.show(moment, stop.signal);
      },
      onConnection: view.onConnection,
      onGap: view.onNote,
      signal: stop.signal,
      after,
      isBehind,
    }).catch(view.onProblem);
    return () => stop.abort();
  });
  return () => {
    stopSeeing();
    sitting.close();
  };
}

/**
 * @param {string} sessionId
 * @param {View} view
 * @returns {() => void}
 */
export function openRecorded(sessionId, view) {
  const stop = new AbortController();
  view.onConnection({ state: 'recorded' });
  view.onCounts('');
  const closeSummary = showSummary(sessionId, view.onProblem);
  readSession(sessionId, stop.signal)
    .then((timeline) => {
      if (!stop.signal.aborted) view.board.open(timeline);
    })
    .catch((problem) => {
      if (!stop.signal.aborted) view.onProblem(problem);
    });
  return () => {
    stop.abort();
    closeSummary();
  };
}

/**
 * The timeline and the sums of what is being watched, through the sessions of the stream.
 * @param {Stream} stream
 * @param {View} view
 */
function createSitting({ frameRate, latestSession }, { board, onProblem, onSession }) {
  const step = Math.max(1 / frameRate, EVERY_MS / 1000);
  let timeline = new Timeline({ span: SPAN, maxRows: MAX_ROWS, step });
  let sessionId = latestSession?.id ?? null;
  let closeSummary = sessionId === null ? () => {} : showSummary(sessionId, onProblem);
  let filled = false;
  const shape = createShaper(board.shape, onProblem);

  return {
    open() {
      timeline = new Timeline({ span: SPAN, maxRows: MAX_ROWS, step });
      filled = false;
      board.open(timeline);
    },
    /**
     * @param {Moment} moment
     * @param {AbortSignal} signal
     */
    show(moment, signal) {
      board.show(moment);
      shape(moment.sessionId, signal);
      if (moment.sessionId !== sessionId) {
        sessionId = moment.sessionId;
        closeSummary();
        closeSummary = showSummary(sessionId, onProblem);
        onSession();
      }
      if (filled) return;
      filled = true;
      fillBefore(timeline, moment, signal)
        .then(board.refresh)
        .catch((problem) => {
          // When the connection broke, the next moment that comes tries again.
          if (signal.aborted || problem instanceof ConnectionLost) filled = false;
          else onProblem(problem);
        });
    },
    close() {
      closeSummary();
    },
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
    listen(MOMENTS, variables, options)
  );
  for await (const { frameEmotions } of results) yield frameEmotions;
}

/**
 * What was lost since the page was opened, said plainly.
 * @param {(sentence: string) => void} onCounts
 */
function createLosses(onCounts) {
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
