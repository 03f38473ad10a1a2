/** The stage of a recorded session: the stored moment at the cursor, over the picture where there is one. */
import { paintOncePerFrame } from '../chart/canvas.js';
import { drawFaces } from '../chart/face-canvas.js';
import { preciseClock } from '../format.js';
import { find, setText } from '../page/dom.js';
import { renderFaceDetails } from './face-details.js';
import { interpolateFaces } from './interpolate-faces.js';
import { MomentCache } from './moment-cache.js';
import { Video } from './video.js';

/** @import { ChartTheme } from '../chart/chart-theme.js' */
/** @import { Recording, StageMoment } from './types.js' */

/** Seconds within which a frame is the one that was sought. */
const NEAR = 0.1;

export class Stage {
  #canvas = find('#recorded-stage', HTMLCanvasElement);
  #screen = find('#screen', HTMLElement);
  #time = 0;
  /** Of a looped recording: what its passes before this one lasted. */
  #passed = 0;
  /** The one whose faces stand beside the stage. @type {StageMoment | null} */
  #written = null;
  /** What the cursor has the recording seek, until that is shown. @type {number | null} */
  #sought = null;
  /** Whether what is played leads the cursor: since the user began to play it, or sought in it, until the cursor is moved. */
  #isLed = false;
  /** Whether the moment that is sought was not here yet, which may tell of another pass. */
  #isUnsure = false;
  #options;
  #paint = paintOncePerFrame(() => this.#draw());
  #cache;
  #video;

  /**
   * @param {object} options
   * @param {() => ChartTheme} options.look
   * @param {(time: number) => void} options.onPlayed the recording is there now, in media time
   * @param {(problem: unknown) => void} options.onProblem
   */
  constructor(options) {
    this.#options = options;
    this.#cache = new MomentCache({
      onRead: () => {
        if (this.#isUnsure && this.#cache.knows(this.#time)) this.#seek();
        this.#paint();
      },
      onProblem: options.onProblem,
    });
    this.#video = new Video({
      onFrame: (at) => this.#follow(at),
      onLed: (at) => {
        // By the user, not by the cursor.
        if (at !== null && this.#isSought(at)) return;
        [this.#isLed, this.#sought, this.#isUnsure] = [true, null, false];
      },
      onChange: () => {
        this.#screen.classList.toggle('with-picture', this.#video.isOpen);
        this.#seek();
        this.#paint();
      },
    });
    new ResizeObserver(this.#paint).observe(this.#screen);
  }

  /** @param {Recording} recording @param {number} time where the cursor is */
  open({ id, recordingUrl, frameWidth, frameHeight }, time) {
    this.#cache.open(id);
    [this.#time, this.#passed, this.#isLed] = [time, 0, false];
    this.#video.open(recordingUrl);
    if (frameWidth && frameHeight)
      this.#screen.style.setProperty('--shape', `${frameWidth} / ${frameHeight}`);
    else this.#screen.style.removeProperty('--shape');
  }

  /** The cursor was moved. @param {number} time in media time */
  show(time) {
    [this.#time, this.#isLed] = [time, false];
    this.#video.pause();
    this.#seek();
    this.#paint();
  }

  /** More of it was recorded. @param {number} since what was its end */
  grow(since) {
    this.#cache.grow(since);
    this.#paint();
  }

  /** @param {1 | -1} direction */
  beside(direction) {
    return this.#cache.beside(this.#time, direction);
  }

  toggle() {
    this.#video.toggle();
  }

  close() {
    this.#cache.close();
    this.#video.close();
  }

  /** A frame is shown. @param {number} at */
  #follow(at) {
    if (this.#isSought(at)) this.#sought = null;
    if (this.#isLed) {
      this.#time = at + this.#passed;
      this.#options.onPlayed(this.#time);
    }
    this.#paint();
  }

  /** A player that is sought to a time behind its end goes to its end. @param {number} at */
  #isSought(at) {
    return this.#sought !== null && Math.abs(at - Math.min(this.#sought, this.#video.end)) <= NEAR;
  }

  /** Brings the picture to the time of the cursor. */
  #seek() {
    if (!this.#video.isOpen) return;
    const moment = this.#cache.at(this.#time)?.moment;
    this.#isUnsure = !this.#cache.knows(this.#time);
    if (moment?.sourceTime != null) this.#passed = moment.mediaTime - moment.sourceTime;
    const at = Math.max(0, this.#time - this.#passed);
    this.#sought = this.#video.seek(at) ? at : null;
  }

  #draw() {
    const standing = this.#cache.at(this.#time);
    const faces = standing === null ? [] : interpolateFaces(standing, this.#time);
    const { palette } = this.#options.look();
    drawFaces(this.#canvas, faces, palette, { overPicture: this.#video.isOpen });
    const moment = standing?.moment ?? null;
    // The same moment is drawn in many pictures of the page.
    if (moment !== this.#written) renderFaceDetails(moment?.faces ?? []);
    this.#written = moment;
    writeMoment(moment, this.#time, this.#cache.knows(this.#time));
  }
}

/** @param {StageMoment | null} moment @param {number} time @param {boolean} isKnown */
function writeMoment(moment, time, isKnown) {
  const none = find('#no-moment-faces', HTMLElement);
  none.hidden = (moment?.faces.length ?? 0) > 0;
  const reason = isKnown ? 'Nothing was scored at this time.' : 'Reading…';
  setText(none, moment ? 'No face in this moment.' : reason);
  const number = moment
    ? `, moment ${moment.seq.toLocaleString('en')} at ${preciseClock(moment.mediaTime)}`
    : '';
  setText(find('#recorded-time', HTMLElement), preciseClock(time) + number);
}
