/** What is registered of the dialog's fields, by where the video comes from. */

import { addressAgain } from '../camera/camera-panel.js';
import { isLive } from '../format.js';
import { find, setText } from '../page/dom.js';
import { readStreamFields } from '../stream-fields.js';
import { addFiles, nameOf } from './add-files.js';

/** @import { CameraFields } from '../camera/camera-fields.js' */
/** @import { CameraPanel } from '../camera/camera-panel.js' */
/** @import { ChosenFile, FileList } from './file-list.js' */
/** @import { createRegistrar, Registration } from './stream-registrar.js' */
/** @import { createServerFiles } from './server-files.js' */

/**
 * @typedef {object} Sources
 * @property {HTMLFormElement} form
 * @property {FileList} list
 * @property {ReturnType<typeof createRegistrar>} registrar
 * @property {ReturnType<typeof createServerFiles>} serverFiles
 * @property {CameraFields} cameraFields
 * @property {CameraPanel} cameraPanel
 * @property {AbortSignal} signal
 */

/** @param {Sources} sources @returns {Promise<{ ids: string[], failed: number }>} ids of the new streams, and how many files could not be added */
export async function registerSources(sources) {
  const { form, registrar, signal } = sources;
  const data = new FormData(form);
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '').trim();
  const [name, from] = [text('name'), text('from')];
  const common = { purpose: text('purpose'), ...readStreamFields(form) };
  if (from === 'camera') return { ids: [await registerCamera({ ...common, name }, sources)], failed: 0 };
  if (from === 'url' || from === 'device') {
    const { stream } = await registrar.register({ ...common, name, source: { [from]: text(from) } }, signal);
    return { ids: [stream.id], failed: 0 };
  }
  const realtime = text('pace') === 'clock';
  const settings = { ...common, realtime, loop: realtime && data.has('loop') };
  return registerFiles({ ...settings, name }, from === 'file', sources);
}

/**
 * @param {{ name: string }} settings
 * @param {boolean} fromServer
 * @param {Sources} sources
 */
async function registerFiles({ name, ...settings }, fromServer, { list, registrar, serverFiles, signal }) {
  if (fromServer) list.setPaths(serverFiles.paths());
  await list.checked();
  signal.throwIfAborted();
  const wanted = list.of(fromServer).filter(isWanted).length;
  if (wanted === 0) throw new Error('Choose a video or a picture first.');
  const ids = await addFiles({
    ...{ list, fromServer, registrar, signal, onStatus: showStatus },
    toInput: (chosen) => ({ ...settings, name: (wanted === 1 && name) || nameOf(chosen.name) }),
  });
  return { ids, failed: list.of(fromServer).filter(({ state }) => state === 'failed').length };
}

/** Whether it is still to be added. @param {ChosenFile} chosen */
export function isWanted({ state }) {
  return state !== 'refused' && state !== 'added';
}

/**
 * @param {{ name: string }} common
 * @param {Sources} sources
 */
async function registerCamera(common, { registrar, cameraFields, cameraPanel, signal }) {
  const { camera, deviceId, turnedOff } = cameraFields.current();
  const { sentTo } = cameraPanel;
  if (sentTo !== null) throw new Error(`A camera is sent to “${sentTo}” from this page: stop that first.`);
  const either = AbortSignal.any([signal, turnedOff]);
  const registration = await registrar.register({ ...common, preview: false, source: { push: {} } }, either);
  const address = await addressOf(registration, common.name);
  either.throwIfAborted();
  cameraFields.release();
  const { id: streamId } = registration.stream;
  cameraPanel.begin({ streamId, name: common.name, deviceId, camera, address });
  return streamId;
}

/**
 * Of a stream that was there before, and does not run, another.
 * @param {Registration} registration
 * @param {string} name
 */
async function addressOf({ alreadyRegistered, stream, session, ingest }, name) {
  if (ingest) return ingest.webSocketUrl;
  if (alreadyRegistered && isLive(session?.state))
    throw new Error(
      `Another camera is sent to “${name}”, or is waited for: choose another name, or stop that first.`,
    );
  return addressAgain(stream.id);
}

/** For those who do not see the lines. @param {string} sentence */
function showStatus(sentence) {
  setText(find('#register-status', HTMLElement), sentence);
}
