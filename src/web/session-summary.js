/** The summary of a session below its timeline: shares of the expressions, means and drops. */
import { SUMMARY } from './documents.js';
import {
  count,
  dropReason,
  duration,
  EXPRESSIONS,
  endSentence,
  expressionName,
  isLive,
  LOW_COVERAGE,
  percent,
  signed,
} from './format.js';
import { mien } from './graphql-client.js';
import { cloneTemplate, find, reconcile, setText } from './page/dom.js';
import { createOwnProblem } from './page/own-problem.js';
import { poll } from './page/poll.js';

/** @import { Expression, SessionWithSummary, Summary } from './types.js' */

/** Milliseconds between two readings of the summary. */
const REFRESH_MS = 4_000;

/**
 * Shows the summary of a session, and reads it again every few seconds while the session runs.
 * @param {string} sessionId
 * @param {(problem: unknown) => void} onProblem null: it is over
 * @returns {() => void} stops reading it
 */
export function watchSummary(sessionId, onProblem) {
  const stop = new AbortController();
  const { signal } = stop;
  const refresh = async () => {
    /** @type {{ session: SessionWithSummary | null }} */
    const { session } = await mien.request(SUMMARY, { id: sessionId }, { signal });
    if (signal.aborted || session === null) return false;
    writeSummary(session);
    return isLive(session.state);
  };
  poll(REFRESH_MS, refresh, { signal, problem: createOwnProblem(onProblem) });
  return () => stop.abort();
}

/** Empties the summary, so that the one of another session is not taken for it. */
export function clearSummary() {
  for (const id of ['#summary-lead', '#shares', '#figures', '#drops', '#faceless'])
    find(id, HTMLElement).replaceChildren();
  find('#faceless', HTMLElement).hidden = true;
}

/** @param {SessionWithSummary} session */
function writeSummary(session) {
  const { state, summary } = session;
  setText(find('#summary-title', HTMLElement), isLive(state) ? 'This session so far' : 'This session in all');
  setText(find('#summary-lead', HTMLElement), `${leadSentence(session)} ${endSentence(session)}`.trim());
  const faceless = summary.frames > 0 && summary.faces === 0;
  const place = find('#faceless', HTMLElement);
  place.hidden = !faceless;
  setText(place, faceless ? facelessSentence(session) : '');
  // Shares of nothing would read as if something had been seen.
  find('#shares', HTMLElement).hidden = faceless;
  writeShares(summary);
  writeFigures(summary);
  setText(find('#drops', HTMLElement), droppedSentence(summary));
}

/** @param {SessionWithSummary} session */
function leadSentence({ stream, summary: { frames, faces, seconds, tracks } }) {
  const time = `${duration(seconds)} of ${stream.loop ? 'video, each pass of the loop counted' : 'video'}`;
  const found =
    faces === 0 ? 'no face in them' : `${count(faces, 'reading')} of ${count(tracks, 'face')} followed`;
  return `${count(frames, 'frame')} scored in ${time}, with ${found}.`;
}

/** @param {SessionWithSummary} session */
function facelessSentence({ state, summary: { frames } }) {
  const [begun, looked] = isLive(state) ? ['has been', 'so far '] : ['was', ''];
  return `No face ${begun} found ${looked}in ${count(frames, 'frame')}. mien finds faces that look towards the camera, are lit, and are not too small in the picture; what else is to be seen in it, mien does not tell.`;
}

/** @param {Summary} summary */
function writeShares({ expressions, abstained, faces }) {
  const found = new Map(expressions.map((entry) => [entry.expression, entry]));
  const labelled = EXPRESSIONS.map((expression) => ({
    expression: /** @type {Expression | null} */ (expression),
    share: found.get(expression)?.share ?? 0,
    seconds: found.get(expression)?.seconds ?? null,
  }));
  const unlabelled = { expression: null, share: faces > 0 ? abstained / faces : 0, seconds: null };
  reconcile(find('#shares', HTMLElement), [...labelled, unlabelled], {
    key: ({ expression }) => expression ?? 'NONE',
    create: () => cloneTemplate('share'),
    update(element, { expression, share, seconds }) {
      setText(find('.word', HTMLElement, element), expressionName(expression));
      const fill = find('.fill', HTMLElement, element);
      fill.dataset.expression = expression ?? 'NONE';
      fill.style.width = `${share * 100}%`;
      const time = seconds === null ? '' : ` · ${duration(seconds)}`;
      setText(find('.value', HTMLElement, element), percent(share) + time);
    },
  });
}

/** @param {Summary} summary */
function writeFigures({ coverage, valence, arousal, quality }) {
  const shown = (/** @type {number | null} */ value, /** @type {(value: number) => string} */ how) =>
    value === null ? '–' : how(value);
  const figures = [
    {
      term: 'Coverage',
      value: percent(coverage),
      about: 'of the time is covered by scored frames',
      isLow: coverage < LOW_COVERAGE,
    },
    { term: 'Mean valence', value: shown(valence, signed), about: '−1 unpleasant to +1 pleasant' },
    { term: 'Mean arousal', value: shown(arousal, signed), about: '−1 calm to +1 excited' },
    { term: 'Mean quality', value: shown(quality, percent), about: 'how well faces could be seen' },
  ];
  reconcile(find('#figures', HTMLElement), figures, {
    key: ({ term }) => term,
    create: () => {
      const figure = document.createElement('div');
      for (const tag of ['dt', 'dd', 'dd']) figure.append(document.createElement(tag));
      return figure;
    },
    update(element, { term, value, about, isLow = false }) {
      element.classList.toggle('low', isLow);
      for (const [index, text] of [term, value, about].entries())
        setText(/** @type {Element} */ (element.children[index]), text);
    },
  });
}

/** @param {Summary} summary */
function droppedSentence({ dropped }) {
  const reasons = dropped.filter(({ frames }) => frames > 0);
  if (reasons.length === 0) return 'No frame was dropped.';
  const parts = reasons.map(({ reason, frames }) => `${count(frames, 'frame')}: ${dropReason(reason)}`);
  return `Not scored, and counted: ${parts.join('; ')}.`;
}
