/** The camera of this device while it is sent: one's own picture with what the server answers, how the sending goes, and the button that stops it. */

import { messageOf } from '../client.js';
import { RENEW_ADDRESS, START, STOP } from '../documents.js';
import { quoted, toSentence } from '../format.js';
import { mien, SIGNED_OUT } from '../graphql-client.js';
import { find, setText, showInstead } from '../page/dom.js';
import { cameraProblem, closeCamera, deviceOf, isGone, openCamera } from './camera-access.js';
import { createCameraLabels } from './camera-labels.js';
import { remember, remembered } from './camera-memory.js';
import { createCameraNotice } from './camera-notice.js';
import { CameraSender } from './camera-sender.js';

/** @import { SentStream } from './camera-memory.js' */
/** @import { Sending } from './camera-sender.js' */

/** @typedef {SentStream & { camera: MediaStream, address: string }} Begun */

export class CameraPanel {
  #onProblem;
  #labels;
  #notice;
  #video = find('#camera-video', HTMLVideoElement);
  /** @type {SentStream | null} */
  #sent = remembered();
  /** @type {{ sender: CameraSender, camera: MediaStream } | null} */
  #on = null;

  /** @param {{ onProblem: (problem: unknown) => void }} options */
  constructor({ onProblem }) {
    this.#onProblem = onProblem;
    this.#labels = createCameraLabels({ onProblem });
    this.#notice = createCameraNotice({ onProblem });
    // Never kept waiting by an earlier one: a camera is turned off at once, however often.
    find('#camera-stop', HTMLElement).addEventListener('click', () => this.#stop());
    bindOnce('#camera-go-on', () => this.#goOn());
    // Its light goes off with the page, also with one that the browser keeps to go back to.
    addEventListener('pagehide', () => {
      if (this.#on) this.#turnOff(offer(this.#sent));
    });
    addEventListener(SIGNED_OUT, () => this.#forget());
    show({ sent: this.#sent, isOn: false, text: offer(this.#sent) });
  }

  /** The name of the stream that the camera is sent to now; null: it is sent to none. */
  get sentTo() {
    return this.#on && this.#sent ? this.#sent.name : null;
  }

  /** @param {Begun} begun */
  begin({ camera, address, ...stream }) {
    if (this.#on) this.#turnOff('');
    this.#sent = stream;
    remember(stream);
    this.#video.srcObject = camera;
    this.#labels.watch(stream.streamId);
    this.#notice.watch(stream.streamId);
    const onChange = (/** @type {Sending} */ { state, text }) => {
      if (state === 'over') this.#turnOff(`${text} Your camera is off.`);
      else show({ sent: stream, isOn: true, text });
    };
    this.#on = { camera, sender: new CameraSender({ camera, address: addressHere(address), onChange }) };
  }

  async #stop() {
    const stopped = this.#sent;
    this.#sent = null;
    remember(null);
    this.#turnOff('');
    find('#watch', HTMLElement).focus();
    if (stopped) await mien.request(STOP, { id: stopped.streamId }).catch(this.#onProblem);
  }

  async #goOn() {
    const stream = this.#sent;
    if (stream === null) return;
    // Meanwhile it may be ended, or another camera is sent: that is left alone.
    const isWanted = () => this.#sent === stream;
    try {
      const begun = await openAgain(stream, isWanted);
      if (begun !== null) this.begin(begun);
    } catch (problem) {
      if (isWanted()) this.#turnOff(toSentence(messageOf(problem)));
      else this.#onProblem(problem);
    }
  }

  /** Who signs in next in this tab is perhaps another. */
  #forget() {
    remember(null);
    const sent = this.#sent;
    this.#sent = null;
    if (this.#on === null) return this.#turnOff('');
    this.#turnOff('');
    show({ sent, isOn: false, canGoOn: false, text: 'You are signed out, so your camera is off.' });
  }

  /** @param {string} why */
  #turnOff(why) {
    this.#on?.sender.stop();
    closeCamera(this.#on?.camera ?? null);
    this.#on = null;
    this.#video.srcObject = null;
    this.#labels.clear();
    this.#notice.clear();
    show({ sent: this.#sent, isOn: false, text: why });
  }
}

/**
 * @param {SentStream} stream
 * @param {() => boolean} isWanted
 * @returns {Promise<Begun | null>} null: it is not wanted any more
 */
async function openAgain(stream, isWanted) {
  const camera = await openSameOrAny(stream.deviceId).catch((error) => {
    throw new Error(cameraProblem(error));
  });
  let address = null;
  try {
    if (isWanted()) address = await addressAgain(stream.streamId);
    if (address !== null && isWanted()) return { ...stream, deviceId: deviceOf(camera), camera, address };
  } catch (problem) {
    closeCamera(camera);
    throw problem;
  }
  closeCamera(camera);
  // It was started, and nobody sends to it.
  if (address !== null) await mien.request(STOP, { id: stream.streamId });
  return null;
}

/** @param {string} deviceId of a camera that may be unplugged since */
function openSameOrAny(deviceId) {
  return openCamera(deviceId).catch((error) => {
    if (deviceId === '' || !isGone(error)) throw error;
    return openCamera('');
  });
}

/** A new address of a stream that was sent to before; it runs then. @param {string} streamId */
export async function addressAgain(streamId) {
  await mien.request(START, { id: streamId }).catch((problem) => {
    // It runs already, and waits.
    if (problem.code !== 'CONFLICT') throw problem;
  });
  /** @type {{ renewIngestAddress: { ingest: { webSocketUrl: string } } }} */
  const { renewIngestAddress } = await mien.request(RENEW_ADDRESS, { streamId });
  return renewIngestAddress.ingest.webSocketUrl;
}

/** The same address by the name under which this page came, to which alone it may connect. @param {string} address */
function addressHere(address) {
  const secret = new URL(address).pathname.split('/').at(-1);
  const here = new URL(`ingest/${secret}`, document.baseURI);
  return Object.assign(here, { protocol: here.protocol.replace('http', 'ws') }).href;
}

/** @param {SentStream | null} sent */
function offer(sent) {
  return sent === null
    ? ''
    : `Your camera went off with the page. ${quoted(sent.name)} waits for it: going on sends what it sees to ${location.host} again, as you agreed before.`;
}

/** @param {{ sent: SentStream | null, isOn: boolean, canGoOn?: boolean, text: string }} shown */
function show({ sent, isOn, canGoOn = !isOn, text }) {
  const panel = find('#camera', HTMLElement);
  panel.hidden = sent === null;
  panel.dataset.state = isOn ? 'on' : 'off';
  find('.camera-picture', HTMLElement, panel).hidden = !isOn;
  setText(find('#camera-name', HTMLElement), sent?.name ?? '');
  const [stop, goOn] = [find('#camera-stop', HTMLElement), find('#camera-go-on', HTMLElement)];
  setText(stop, isOn ? 'Stop the camera' : 'End it');
  setText(find('#camera-state', HTMLElement), text);
  if (canGoOn) goOn.hidden = false;
  else showInstead(stop, goOn);
}

/**
 * Clicks are ignored until what the first began has ended.
 * @param {string} selector
 * @param {() => Promise<void>} act
 */
function bindOnce(selector, act) {
  const button = find(selector, HTMLButtonElement);
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    try {
      await act();
    } finally {
      button.ariaBusy = 'false';
    }
  });
}
