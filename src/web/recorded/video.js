/** The recording beside its numbers: a file of the user's own disk, which goes nowhere, or the one that the server has. */
import { find, setText } from '../page/dom.js';

/** A frame that begins where it should is found a little behind its beginning: players round. */
const WITHIN_FRAME = 1e-3;

export class Video {
  #video = createElement();
  #note = find('#recording-note', HTMLElement);
  #onChange;
  /** Of a file of the disk. */
  #objectUrl = '';
  #isOwnFile = false;

  /**
   * @param {object} tell
   * @param {(time: number) => void} tell.onFrame the time of the frame that is shown now, in seconds of the recording
   * @param {() => void} tell.onChange it has a picture now, or has none any more
   * @param {(time: number | null) => void} tell.onLed it is sought to a time, or, null, begins to play: by the user or by `seek`
   */
  constructor({ onFrame, onChange, onLed }) {
    this.#onChange = onChange;
    watchFrames(this.#video, onFrame);
    this.#video.addEventListener('play', () => onLed(null));
    this.#video.addEventListener('seeking', () => onLed(this.#video.currentTime));
    this.#video.addEventListener('error', () => {
      if (!this.#video.hasAttribute('src')) return;
      this.close();
      setText(this.#note, this.#isOwnFile ? UNPLAYABLE_FILE : UNPLAYABLE_RECORDING);
    });
    const choose = find('#recording-file', HTMLInputElement);
    choose.addEventListener('change', () => {
      const [file] = choose.files ?? [];
      if (file === undefined) return;
      this.#openFile(file);
      choose.value = '';
    });
  }

  /** @param {string | null} address of the server's; null: it has none */
  open(address) {
    this.close();
    this.#isOwnFile = false;
    if (address === null) setText(this.#note, NO_RECORDING);
    else this.#play(new URL(address.slice(1), document.baseURI).href, 'Plays the file that mien has.');
  }

  close() {
    if (this.#objectUrl !== '') URL.revokeObjectURL(this.#objectUrl);
    this.#objectUrl = '';
    this.#video.removeAttribute('src');
    this.#video.load();
    this.#video.hidden = true;
    this.#onChange();
  }

  /** Whether there is a picture to show. */
  get isOpen() {
    return !this.#video.hidden;
  }

  /** In seconds; infinite where it is not known yet. */
  get end() {
    return Number.isNaN(this.#video.duration) ? Number.POSITIVE_INFINITY : this.#video.duration;
  }

  /** @param {number} time in the recording @returns {boolean} whether another frame is to come */
  seek(time) {
    if (!this.isOpen) return false;
    // Before the file is here this is where it will begin, as it was sought before.
    if (Math.abs(this.#video.currentTime - time) < 2 * WITHIN_FRAME)
      return this.#video.seeking || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
    this.#video.currentTime = time + WITHIN_FRAME;
    return true;
  }

  pause() {
    this.#video.pause();
  }

  toggle() {
    if (!this.isOpen) return;
    // Refused where it is paused again before it began.
    if (this.#video.paused) this.#video.play().catch(() => this.#video.pause());
    else this.#video.pause();
  }

  /** @param {File} file */
  #openFile(file) {
    this.close();
    this.#isOwnFile = true;
    this.#objectUrl = URL.createObjectURL(file);
    this.#play(this.#objectUrl, `Plays ${file.name} from your disk; it is not sent anywhere.`);
  }

  /** @param {string} address @param {string} words */
  #play(address, words) {
    this.#video.src = address;
    this.#video.hidden = false;
    setText(this.#note, words);
    this.#onChange();
  }
}

function createElement() {
  const video = document.createElement('video');
  Object.assign(video, { id: 'recording', controls: true, playsInline: true, preload: 'auto', hidden: true });
  video.ariaLabel = 'The recording';
  find('#screen', HTMLElement).prepend(video);
  return video;
}

const NO_RECORDING = 'mien has no file of this recording. If you have it, open it: it stays on your disk.';
const UNPLAYABLE_FILE = 'This browser cannot play that file. Open a copy as MP4 (H.264) or WebM.';
const UNPLAYABLE_RECORDING =
  'This browser cannot play the file that mien has. Open a copy as MP4 (H.264) or WebM from your disk.';

/**
 * Tells of each frame that is put on the screen; where browsers do not, at each of their own pictures while it plays, and where it was put.
 * @param {HTMLVideoElement} video
 * @param {(time: number) => void} onFrame
 */
function watchFrames(video, onFrame) {
  if (typeof video.requestVideoFrameCallback === 'function') {
    const next = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ { mediaTime }) => {
      onFrame(mediaTime);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    return;
  }
  const tell = () => {
    onFrame(video.currentTime);
    if (!video.paused) requestAnimationFrame(tell);
  };
  for (const event of ['play', 'seeked', 'loadeddata']) video.addEventListener(event, tell);
}
