/** Links to a time of a recorded session: `#/stream/…/session/…?t=12.4`. */

import { preciseClock } from '../format.js';
import { find, setText } from '../page/dom.js';
import { parseRoute } from '../page/route.js';

/** The time that an address names, in seconds; null: none. @param {string} hash */
export function timeOf(hash) {
  const query = hash.slice(placeOf(hash).length + 1);
  const text = new URLSearchParams(query).get('t');
  const time = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(time) && time >= 0 ? time : null;
}

/**
 * The same address with another time, and with the session that this is a time of.
 * @param {string} hash
 * @param {string} sessionId
 * @param {number} time
 */
export function withTime(hash, sessionId, time) {
  const [stream] = placeOf(hash).split('/session/');
  return `${stream}/session/${sessionId}?t=${Math.round(time * 1000) / 1000}`;
}

/** What stands before the question mark. @param {string} hash */
function placeOf(hash) {
  const [place = ''] = hash.split('?');
  return place;
}

/** Milliseconds between two changes of the address: browsers refuse many. */
const WRITE_MS = 300;

/** Keeps the time of the cursor in the page's address, and copies that. */
export class TimeLink {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #newest = 0;
  #sessionId = '';
  #copied = find('#copied', HTMLElement);

  /** @param {(time: number) => void} onTime the address names another time */
  constructor(onTime) {
    find('#copy-link', HTMLButtonElement).addEventListener('click', () => this.#copy());
    addEventListener('hashchange', () => {
      if (this.time !== null && this.#names([this.#sessionId, null])) onTime(this.time);
    });
  }

  /** The time that the address names. */
  get time() {
    return timeOf(location.hash);
  }

  /** @param {string} sessionId that is shown @param {number} time where the cursor is */
  open(sessionId, time) {
    [this.#sessionId, this.#newest] = [sessionId, time];
    setText(this.#copied, '');
  }

  /** @param {number} time */
  write(time) {
    this.#newest = time;
    setText(this.#copied, '');
    this.#timer ??= setTimeout(() => this.#write(), WRITE_MS);
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write() {
    this.close();
    // The newest session of a stream is named by its stream alone, until another one begins. One that was chosen is not here yet.
    if (this.#names([this.#sessionId]))
      history.replaceState(history.state, '', withTime(location.hash, this.#sessionId, this.#newest));
  }

  /** Whether the address names one of these. @param {(string | null)[]} sessionIds null: the newest of its stream */
  #names(sessionIds) {
    const route = parseRoute(location.hash);
    return route.kind === 'stream' && sessionIds.includes(route.sessionId);
  }

  async #copy() {
    const address = new URL(withTime(location.hash, this.#sessionId, this.#newest), location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      setText(this.#copied, `Copied a link to ${preciseClock(this.#newest)}.`);
    } catch {
      // Over plain HTTP from elsewhere, or refused by the user.
      setText(this.#copied, `The browser does not let this page copy. The link is ${address}`);
    }
  }
}
