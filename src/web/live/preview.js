/** The picture beside the numbers, where the stream allows it: each frame with the faces of its own moment. */
import { ConnectionLost } from '../client.js';
import { find, setText } from '../page/dom.js';
import { whileVisible } from '../page/visibility.js';
import { watchPictures } from './watch-pictures.js';

/** @import { Moment } from '../types.js' */
/** @import { SessionView } from '../session-view.js' */
/** @import { Numbered } from './watch-pictures.js' */

/**
 * So much later than the last one must a moment be, in milliseconds by the server's clock, to show that a session whose picture broke off goes on: what
 * it was before its server ended is told when that is there again, and then the session may still seem to run.
 */
const GOES_ON_AFTER = 5000;
/** Where moments come and no picture for so long, its connection is broken without a word: what was drawn last must not stand for now. */
const SILENT_AFTER = 15_000;
/** Moments that wait for their picture, which is some tenths of a second away, and pictures that wait for their moment. */
const HELD = 64;
const WAITING = 4;

export class Preview {
  #button = find('#show-picture', HTMLButtonElement);
  /** @type {Pick<SessionView, 'setPicture'>} */
  #view;
  /** @type {(problem: unknown) => void} */
  #onProblem;
  /** By their seq. @type {Map<number, Moment>} */
  #moments = new Map();
  /** Those that wait for their moment, by its seq, the oldest first. @type {Map<number, ImageBitmap>} */
  #pictures = new Map();
  /** The one that is drawn. @type {ImageBitmap | null} */
  #drawn = null;
  /** The session that runs, and may be looked at. @type {string | null} */
  #offered = null;
  #streamId = '';
  /** The stream whose picture somebody asked for: it comes back with the connection, and with the next session. */
  #wanted = '';
  /** The session of which no more pictures come. @type {string | null} */
  #over = null;
  /** The session whose picture was seen last. @type {string | null} */
  #seen = null;
  /** The session whose picture broke off, and the time of its last moment. @type {{ sessionId: string, newest: number } | null} */
  #brokenOff = null;
  /** When the newest moment was, and the one whose picture was drawn last, or the newest when the picture was asked for; by the server's clock. */
  #newest = 0;
  #matched = 0;
  /** @type {(() => void) | null} */
  #stop = null;

  /** @param {{ view: Pick<SessionView, 'setPicture'>, onProblem: (problem: unknown) => void }} options */
  constructor({ view, onProblem }) {
    this.#view = view;
    this.#onProblem = onProblem;
    this.#button.addEventListener('click', () => {
      this.#wanted = this.#stop ? '' : this.#streamId;
      this.#over = null;
      this.#brokenOff = null;
      if (this.#stop) this.#hide();
      else if (this.#offered !== null) this.#show(this.#offered);
    });
  }

  /**
   * @param {string} streamId of the stream that is shown; empty: none is
   * @param {string | null} sessionId of the session that runs; null: there is no picture
   */
  offer(streamId, sessionId) {
    if (streamId !== this.#wanted) this.#wanted = '';
    this.#streamId = streamId;
    if (sessionId !== this.#offered) {
      this.#hide();
      this.#offered = sessionId;
      this.#button.hidden = sessionId === null;
    }
    if (sessionId !== this.#brokenOff?.sessionId) this.#showIfWanted();
    this.#write();
  }

  /** @param {Moment} moment */
  note(moment) {
    if (moment.sessionId !== this.#offered) return;
    this.#newest = Date.parse(moment.wallTime);
    const { sessionId, newest } = this.#brokenOff ?? { sessionId: null, newest: 0 };
    if (sessionId === moment.sessionId && this.#newest > newest + GOES_ON_AFTER) this.#showIfWanted();
    if (this.#stop === null) return;
    this.#moments.set(moment.seq, moment);
    if (this.#moments.size > HELD)
      this.#moments.delete(/** @type {number} */ (this.#moments.keys().next().value));
    this.#showIfBothAreHere();
    if (this.#newest > this.#matched + SILENT_AFTER) this.#breakOff(moment.sessionId);
  }

  #showIfWanted() {
    const isWanted = this.#wanted !== '' && this.#offered !== this.#over;
    if (isWanted && this.#offered !== null && this.#stop === null) this.#show(this.#offered);
  }

  /** @param {string} sessionId */
  #show(sessionId) {
    this.#brokenOff = null;
    this.#stop = whileVisible(() => {
      this.#matched = this.#newest;
      const leave = new AbortController();
      const over = (/** @type {unknown} */ problem) => {
        if (leave.signal.aborted) return;
        if (problem instanceof ConnectionLost) return this.#breakOff(sessionId);
        this.#hide();
        // The session has no more pictures, or not for us.
        this.#over = sessionId;
        // Where it was seen before, it is only that the session has ended meanwhile.
        if (problem !== undefined && sessionId !== this.#seen) this.#onProblem(problem);
      };
      watchPictures(sessionId, leave.signal, (picture) => this.#take(picture)).then(
        () => over(undefined),
        over,
      );
      return () => {
        leave.abort();
        this.#clear();
      };
    });
    this.#write();
  }

  /** It is shown again when the session goes on. @param {string} sessionId */
  #breakOff(sessionId) {
    this.#hide();
    this.#brokenOff = { sessionId, newest: this.#newest };
  }

  /** @param {Numbered} picture */
  #take({ seq, bitmap }) {
    this.#pictures.set(seq, bitmap);
    this.#showIfBothAreHere();
    if (this.#pictures.size > WAITING)
      this.#closeUntil(/** @type {number} */ (this.#pictures.keys().next().value));
  }

  #hide() {
    this.#stop?.();
    this.#stop = null;
    this.#clear();
    this.#write();
  }

  /** Whoever looks again may look at another session. */
  #clear() {
    this.#moments.clear();
    this.#view.setPicture(null);
    this.#closeUntil(Number.POSITIVE_INFINITY);
    this.#drawn?.close();
    this.#drawn = null;
  }

  #write() {
    setText(this.#button, this.#stop ? 'Hide the picture' : 'Show the picture');
    const words = this.#stop ? SHOWN : this.#offered === null ? NOT_OFFERED : OFFERED;
    setText(find('#picture-words', HTMLElement), words);
  }

  /** The newest picture whose moment has come. On a machine that is busy either may be late. */
  #showIfBothAreHere() {
    const found = [...this.#pictures].findLast(([seq]) => this.#moments.has(seq));
    if (found === undefined) return;
    const [seq, bitmap] = found;
    const moment = /** @type {Moment} */ (this.#moments.get(seq));
    const before = this.#drawn;
    this.#drawn = bitmap;
    this.#matched = Date.parse(moment.wallTime);
    this.#seen = moment.sessionId;
    this.#pictures.delete(seq);
    this.#view.setPicture({ bitmap, faces: moment.faces });
    // Pictures lie in memory that the browser clears late by itself: some megabytes each.
    before?.close();
    this.#closeUntil(seq);
  }

  /** @param {number} last of those that are not waited for any more */
  #closeUntil(last) {
    for (const [seq, bitmap] of this.#pictures) {
      if (seq > last) return;
      bitmap.close();
      this.#pictures.delete(seq);
    }
  }
}

const NOT_OFFERED = 'No picture is passed on: these lines are all there is.';
const OFFERED = 'The picture can be shown while it runs; what is shown is not kept.';
const SHOWN = 'The picture is shown and forgotten.';
