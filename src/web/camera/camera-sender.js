/** Sends a camera to a stream: records it in small pieces, over a WebSocket that is opened again where it is lost. */
import { recordingFormat } from './camera-access.js';
import { SendFlow } from './send-flow.js';

/**
 * `over`: it has ended, and not by `stop`; `text` says why, and what to do.
 * @typedef {{ state: 'connecting' | 'sending' | 'slow' | 'lost' | 'over', text: string }} Sending
 */

/** Each picture leaves when it was recorded: shorter than the time between two. */
const PIECE_MS = 40;
const LOOK_MS = 200;
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 10_000;
/** How long it is tried again where another seems to send: this page's own connection, of which the server does not know yet that it is dead. */
const OTHERS_MS = 20_000;
/** So long must a connection stand for the next pause to be short again: many a one is taken and ended at once. */
const LASTED_MS = 8000;
const WELL = 1000;
/** What trying again does not change: text was sent, a wrong address, no video. */
const FOR_GOOD = [4400, 4404, 4415];
const CONFLICT = 4409;

export class CameraSender {
  #camera;
  #address;
  #onChange;
  #flow = new SendFlow();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #look;
  #pauseMs = LEAST_PAUSE_MS;
  #lostAt = performance.now();
  #isOver = false;

  /**
   * @param {object} options
   * @param {MediaStream} options.camera
   * @param {string} options.address of the WebSocket
   * @param {(sending: Sending) => void} options.onChange
   */
  constructor({ camera, address, onChange }) {
    this.#camera = camera;
    this.#address = address;
    this.#onChange = onChange;
    this.#look = setInterval(() => this.#watchFlow(), LOOK_MS);
    for (const track of camera.getTracks()) {
      track.addEventListener('ended', () =>
        this.#end('The camera was unplugged, or the browser took it away. Go on when it is there again.'),
      );
      const tell = () => {
        if (this.#recorder?.state === 'recording') this.#tellSending();
      };
      for (const type of ['mute', 'unmute']) track.addEventListener(type, tell);
    }
    this.#connect();
  }

  /** What was recorded still leaves. */
  stop() {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#retry);
    clearInterval(this.#look);
    this.#hangUp();
  }

  #connect() {
    this.#onChange({ state: 'connecting', text: 'Connecting to the server…' });
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    const heard = { isTaken: false, sentence: '' };
    let takenAt = 0;
    socket.addEventListener('message', ({ data }) => {
      const said = JSON.parse(String(data));
      heard.sentence = said.errors?.[0]?.message ?? heard.sentence;
      if (said.status !== 'receiving') return;
      heard.isTaken = true;
      takenAt = performance.now();
      if (socket === this.#socket) this.#record(socket);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket !== this.#socket || this.#isOver) return;
      if (heard.isTaken) this.#lostAt = performance.now();
      if (heard.isTaken && this.#lostAt - takenAt >= LASTED_MS) this.#pauseMs = LEAST_PAUSE_MS;
      this.#onClosed(code, { ...heard, sentence: heard.sentence || reason });
    });
  }

  /**
   * @param {number} code
   * @param {{ isTaken: boolean, sentence: string }} heard
   */
  #onClosed(code, { isTaken, sentence }) {
    this.#stopRecording();
    const isRefused = code === CONFLICT && (isTaken || performance.now() - this.#lostAt > OTHERS_MS);
    if (isRefused || FOR_GOOD.includes(code)) return this.#end(sentence);
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(pause * 2, MOST_PAUSE_MS);
    const why = sentence || 'The connection to the server was lost.';
    this.#onChange({
      state: 'lost',
      text: `${why} Trying again; what your camera sees meanwhile is not sent.`,
    });
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  /** A recording describes itself at its beginning alone, so each connection has one of its own. @param {WebSocket} socket */
  #record(socket) {
    const recorder = new MediaRecorder(this.#camera, {
      mimeType: recordingFormat(MediaRecorder) ?? '',
      videoBitsPerSecond: this.#flow.bitsPerSecond,
    });
    this.#recorder = recorder;
    let isAskedFor = false;
    recorder.addEventListener('dataavailable', ({ data }) => {
      // Chromium gives a piece when the next picture begins: the rest of that one is there by now, and would wait for another.
      isAskedFor = !isAskedFor && recorder.state === 'recording';
      if (isAskedFor) recorder.requestData();
      if (data.size === 0 || socket.readyState !== WebSocket.OPEN) return;
      socket.send(data);
      if (recorder === this.#recorder) this.#watchFlow();
    });
    recorder.addEventListener('error', () =>
      this.#end('The browser could not record the camera. Go on to try again.'),
    );
    // Its last piece comes before this.
    recorder.addEventListener('stop', () => socket.close(WELL));
    recorder.start(PIECE_MS);
    this.#flow.beginAnew();
    this.#tellSending();
  }

  #watchFlow() {
    const [socket, recorder] = [this.#socket, this.#recorder];
    if (socket === null || recorder === null) return;
    const what = this.#flow.judge(socket.bufferedAmount);
    if (what === 'pause') {
      if (recorder.state === 'recording') recorder.pause();
      this.#onChange({
        state: 'slow',
        text: 'The way to the server is too slow: the camera pauses until what it saw has left.',
      });
    } else if (what === 'resume') {
      recorder.resume();
      this.#tellSending();
    } else if (what === 'less detail' || what === 'dead') {
      this.#lostAt = performance.now();
      this.#hangUp();
      this.#connect();
    }
  }

  #tellSending() {
    if (this.#camera.getTracks().some(({ muted }) => muted))
      return this.#onChange({
        state: 'sending',
        text: 'The browser or the device gives no picture just now.',
      });
    const { pauses } = this.#flow;
    const slow = `, with less detail, because the way to the server is slow (${pauses === 1 ? 'one pause' : `${pauses} pauses`} so far)`;
    this.#onChange({ state: 'sending', text: `Your camera is being sent${pauses === 0 ? '' : slow}.` });
  }

  /** @param {string} why */
  #end(why) {
    if (this.#isOver) return;
    this.stop();
    this.#onChange({ state: 'over', text: why });
  }

  #stopRecording() {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder !== null && recorder.state !== 'inactive') recorder.stop();
    return recorder !== null;
  }

  /** The recorder's last piece leaves first. */
  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    if (!this.#stopRecording()) socket?.close(WELL);
  }
}
