/** Dims the newest faces once nothing newer comes, and says how old they are: of a server, a source or a stream that is silent. */

import { duration } from '../format.js';
import { find, setText } from '../page/dom.js';

/** A moment is of now for so many milliseconds, or so many intervals of its stream where these are longer. */
const FRESH_MS = 3000;
const FRESH_INTERVALS = 3;

/** @param {number} frameRate that the stream asks for */
export function watchStaleness(frameRate) {
  const fresh = Math.max(FRESH_MS, (FRESH_INTERVALS * 1000) / frameRate);
  /** @type {Date | null} */
  let newest = null;
  const tell = () => {
    const age = newest === null ? 0 : Date.now() - newest.getTime();
    showAge(newest !== null && age > fresh ? newest : null, age / 1000);
  };
  const timer = setInterval(tell, 1000);
  return {
    /** A moment has come. */
    seen() {
      newest = new Date();
      if (!find('#stale', HTMLElement).hidden) tell();
    },
    close() {
      clearInterval(timer);
      showAge(null, 0);
    },
  };
}

/**
 * @param {Date | null} since when nothing newer has come; null: what is shown is of now
 * @param {number} seconds
 */
function showAge(since, seconds) {
  find('#now', HTMLElement).toggleAttribute('data-stale', since !== null);
  const place = find('#stale', HTMLElement);
  place.hidden = since === null;
  // Told once; the age that grows beside it is not read aloud each second.
  const time = since?.toLocaleTimeString([], { timeStyle: 'medium' });
  setText(find('[role=status]', HTMLElement, place), time ? `Nothing newer has come since ${time}.` : '');
  setText(
    find('.age', HTMLElement, place),
    time ? `What is shown is ${duration(Math.round(seconds))} old.` : '',
  );
}
