/** Episodes below the lane of their face, as bars that can be chosen. Of each lane one is in the order of Tab; arrows lead to the others. */

import { expressionName, percent, preciseClock } from '../format.js';
import { reconcile } from '../page/dom.js';

/** @import { Episode } from './types.js' */
/** @import { Stretch } from './resolution.js' */

/** Pixels that a bar has at least, to be hit. */
const LEAST_WIDTH = 8;

/**
 * @param {HTMLElement} place
 * @param {readonly Episode[]} episodes of one face
 * @param {Stretch} visible
 */
export function showEpisodes(place, episodes, { from, to }) {
  // Shares of the width: to measure it would have the browser lay out each lane before the next.
  const share = (/** @type {number} */ time) => Math.max(0, Math.min(1, (time - from) / (to - from))) * 100;
  const shown = episodes.filter(({ onset, offset }) => onset < to && (offset ?? to) > from);
  const focused = /** @type {HTMLElement | null} */ (place.querySelector(':focus'))?.dataset.key;
  reconcile(place, shown, {
    key: ({ index }) => String(index),
    create: createBar,
    update(bar, episode) {
      const [left, right] = [share(episode.onset), share(episode.offset ?? to)];
      bar.style.left = `min(${left}%, 100% - ${LEAST_WIDTH}px)`;
      bar.style.width = `max(${right - left}%, ${LEAST_WIDTH}px)`;
      bar.tabIndex = String(episode.index) === (focused ?? String(shown[0]?.index)) ? 0 : -1;
      writeBar(bar, episode);
    },
  });
}

function createBar() {
  const bar = document.createElement('button');
  bar.type = 'button';
  bar.className = 'episode';
  return bar;
}

/** What does not depend on what is visible. @param {HTMLElement} bar @param {Episode} episode */
function writeBar(bar, episode) {
  const { expression, onset, apex, offset, peak } = episode;
  const told = [expression, onset, apex, offset, peak].join(' ');
  if (bar.dataset.told === told) return;
  Object.assign(bar.dataset, { told, expression, apex: String(apex) });
  [bar.title, bar.ariaLabel] = [episodeInWords(episode), episodeInWords(episode)];
}

/** @param {Episode} episode */
function episodeInWords({ expression, onset, apex, offset, peak }) {
  const end = offset === null ? 'on' : `to ${preciseClock(offset)}`;
  return `${expressionName(expression)} from ${preciseClock(onset)} ${end}, strongest at ${preciseClock(apex)} with ${percent(peak)}`;
}

/**
 * @param {HTMLElement} plot
 * @param {(apex: number) => void} onChoose
 */
export function listenToEpisodes(plot, onChoose) {
  plot.addEventListener('click', ({ target }) => {
    const bar = target instanceof Element ? target.closest('.episode') : null;
    if (bar instanceof HTMLElement) onChoose(Number(bar.dataset.apex));
  });
  plot.addEventListener('keydown', (event) => {
    const bar = event.target;
    if (!(bar instanceof HTMLElement) || !bar.matches('.episode')) return;
    const next = { ArrowRight: bar.nextElementSibling, ArrowLeft: bar.previousElementSibling }[event.key];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    [bar.tabIndex, next.tabIndex] = [-1, 0];
    next.focus();
  });
}
