/** The camera of this device as browsers give it: whether they do, which ones there are, and in words why not. */

/** As the server reads them while they come; the first costs a small machine least. */
const FORMATS = ['video/webm;codecs=vp8', 'video/webm;codecs=vp9', 'video/webm', 'video/mp4'];
/** Faces are found in a picture of this size, and more takes longer to send. */
const WANTED = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15, max: 30 } };

/**
 * @typedef {object} Abilities
 * @property {boolean} isSecureContext
 * @property {{ mediaDevices?: { getUserMedia?: unknown } }} navigator
 * @property {{ isTypeSupported(type: string): boolean } | undefined} [MediaRecorder]
 */

/** Why this browser cannot send a camera from this page; null: it can. @param {Abilities} browser @param {string} host of the page */
export function whyNoCamera(browser, host) {
  if (!browser.isSecureContext)
    return `Browsers give a camera only to pages that come over https, or from this very device. This one came from ${host} over plain http: open it over https, or on the server itself under localhost.`;
  if (!browser.navigator.mediaDevices?.getUserMedia)
    return 'This browser gives no camera to pages. Use a current Chromium, Firefox or Safari.';
  if (recordingFormat(browser.MediaRecorder) === null)
    return 'This browser cannot record video (MediaRecorder). Use a current Chromium, Firefox or Safari.';
  return null;
}

/** The MIME type to record in. @param {Abilities['MediaRecorder']} recorder @returns {string | null} null: there is none */
export function recordingFormat(recorder) {
  return FORMATS.find((type) => recorder?.isTypeSupported(type)) ?? null;
}

/**
 * Turns a camera on; the browser asks whoever uses it. Without sound.
 * @param {string} deviceId empty: whichever the browser takes
 */
export function openCamera(deviceId) {
  const which = deviceId === '' ? {} : { deviceId: { exact: deviceId } };
  return navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...which }, audio: false });
}

/** @param {MediaStream} camera @returns {string} empty: the browser does not tell */
export function deviceOf(camera) {
  return camera.getVideoTracks()[0]?.getSettings().deviceId ?? '';
}

/** Its light goes off. @param {MediaStream | null} camera */
export function closeCamera(camera) {
  for (const track of camera?.getTracks() ?? []) track.stop();
}

/** Those that there are; they have names only where the page was allowed one. */
export async function listCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
  return cameras.map(({ deviceId, label }, index) => ({ deviceId, label: label || `Camera ${index + 1}` }));
}

/** Why a camera was not given, by the name of the error (W3C, Media Capture and Streams). @type {Readonly<Record<string, string>>} */
const REFUSALS = {
  NotAllowedError:
    'The camera was not allowed. Allow it in the browser’s settings for this page (mostly beside its address), then turn it on again.',
  NotFoundError: 'This device has no camera, or the browser finds none. Connect one, then turn it on again.',
  NotReadableError:
    'The camera is used by another program, or does not answer. Close that program, then turn it on again.',
  OverconstrainedError: 'This camera is not there any more. Choose another one.',
  SecurityError: 'Cameras are switched off in this browser for pages like this one.',
  AbortError: 'The camera did not start. Turn it on again.',
};

/** Whether the camera that was asked for is not there any more. @param {unknown} error of `openCamera` */
export function isGone(error) {
  return ['NotFoundError', 'OverconstrainedError'].includes(read(error).name);
}

/** Whether another camera may answer though this one does not. @param {unknown} error of `openCamera` */
export function mayOtherAnswer(error) {
  return isGone(error) || read(error).name === 'NotReadableError';
}

/** @param {unknown} error of `openCamera` */
export function cameraProblem(error) {
  const { name, message } = read(error);
  return REFUSALS[name] ?? `The camera could not be turned on: ${message || name}.`;
}

/** In older browsers an OverconstrainedError is no Error. @param {unknown} error @returns {{ name: string, message: string }} */
function read(error) {
  const isNamed = typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
  return isNamed ? { name: String(error.name), message: String(error.message) } : new Error(String(error));
}
