/** The part of the register dialog that is about the camera of this device: consent, its picture, the choice among several. */

import { find, setText, showInstead, showText } from '../page/dom.js';
import {
  cameraProblem,
  closeCamera,
  deviceOf,
  listCameras,
  mayOtherAnswer,
  openCamera,
  whyNoCamera,
} from './camera-access.js';

export class CameraFields {
  #form;
  #choice;
  /** Why this browser gives none here. */
  #impossible = whyNoCamera(window, location.host);
  /** @type {MediaStream | null} */
  #camera = null;
  /** Aborts when it goes off before somebody has taken it. */
  #turnedOff = new AbortController();
  /** Of several that are being turned on the last counts. */
  #turning = 0;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#form = form;
    this.#choice = find('[name=camera]', HTMLSelectElement, form);
    this.#tell(this.#impossible ?? '');
    find('#camera-consent', HTMLElement, form).hidden = this.#impossible !== null;
    setText(find('#camera-host', HTMLElement, form), location.host);
    const consent = find('[name=consent]', HTMLInputElement, form);
    const turnOn = async () => {
      if (consent.checked) await this.#turnOn();
      else this.#tell('Agree to what is sent first: the box above.');
    };
    find('#camera-on', HTMLButtonElement, form).addEventListener('click', turnOn);
    find('#camera-off', HTMLButtonElement, form).addEventListener('click', () => this.turnOff());
    this.#choice.addEventListener('change', turnOn);
    consent.addEventListener('change', () => {
      this.#tell('');
      if (!consent.checked) this.turnOff();
    });
    form.addEventListener('change', ({ target }) => {
      const isOther =
        target instanceof HTMLInputElement && target.name === 'from' && target.value !== 'camera';
      if (isOther) this.turnOff();
    });
  }

  turnOff() {
    this.#close();
    this.#showChoice(false);
  }

  #close() {
    this.#turning += 1;
    this.#turnedOff.abort(new Error('The camera was turned off: turn it on first.'));
    closeCamera(this.#camera);
    this.#show(null);
  }

  /** The one that is on. @throws Error where there is none, with what to do */
  current() {
    if (this.#impossible !== null) throw new Error(this.#impossible);
    if (this.#camera === null) throw new Error('Turn the camera on first.');
    return { camera: this.#camera, deviceId: deviceOf(this.#camera), turnedOff: this.#turnedOff.signal };
  }

  /** It belongs to who takes it, and stays on. */
  release() {
    this.#turning += 1;
    this.#show(null);
    this.#showChoice(false);
  }

  async #turnOn() {
    const deviceId = this.#choice.value;
    this.#close();
    const turn = this.#turning;
    this.#tell('');
    try {
      const camera = await openCamera(deviceId);
      // Meanwhile the dialog was closed, or another was chosen.
      if (turn !== this.#turning) return closeCamera(camera);
      this.#turnedOff = new AbortController();
      this.#show(camera);
      for (const track of camera.getTracks()) track.addEventListener('ended', () => this.#lose(camera));
      await this.#offerChoice(deviceOf(camera));
    } catch (error) {
      if (turn !== this.#turning) return;
      this.#tell(cameraProblem(error));
      if (mayOtherAnswer(error)) await this.#offerChoice('');
    }
  }

  /** @param {MediaStream} camera */
  #lose(camera) {
    if (this.#camera !== camera) return;
    this.#close();
    this.#tell('The camera was unplugged, or the browser took it away. Turn it on again when it is there.');
    this.#offerChoice('').catch((error) => this.#tell(cameraProblem(error)));
  }

  /**
   * Of those that there are now.
   * @param {string} chosen empty: any, also where the one that was chosen before is not there any more
   */
  async #offerChoice(chosen) {
    const turn = this.#turning;
    // Until they are listed, the one that does not answer is not asked for again.
    if (chosen === '') this.#choice.replaceChildren();
    const cameras = await listCameras();
    if (turn !== this.#turning) return;
    const options = cameras.map(({ deviceId, label }) => new Option(label, deviceId));
    if (chosen === '') options.unshift(new Option('Any', ''));
    this.#choice.replaceChildren(...options);
    this.#choice.value = chosen;
    this.#showChoice(cameras.length > 0);
  }

  /** @param {boolean} isShown */
  #showChoice(isShown) {
    find('#camera-choice', HTMLElement, this.#form).hidden = !isShown;
  }

  /** @param {MediaStream | null} camera */
  #show(camera) {
    this.#camera = camera;
    find('#camera-own video', HTMLVideoElement, this.#form).srcObject = camera;
    const on = find('#camera-on', HTMLElement, this.#form);
    const off = find('#camera-off', HTMLElement, this.#form);
    const own = find('#camera-own', HTMLElement, this.#form);
    if (camera !== null) own.hidden = false;
    if (camera === null) showInstead(on, off);
    else showInstead(off, on);
    own.hidden = camera === null;
  }

  /** @param {string} sentence */
  #tell(sentence) {
    showText(find('#camera-problem', HTMLElement, this.#form), sentence);
  }
}
