/** The dialog that registers streams: of an address, of files here or on the server, or of a camera, of this device or of the server. */

import { CameraFields } from '../camera/camera-fields.js';
import { CameraPanel } from '../camera/camera-panel.js';
import { messageOf } from '../client.js';
import { count, toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { find, showText } from '../page/dom.js';
import { placeStreamFields } from '../stream-fields.js';
import { nameOf } from './add-files.js';
import { createDropZone } from './drop-zone.js';
import { FileList } from './file-list.js';
import { explainPurpose, offerPurposes } from './purpose-field.js';
import { isWanted, registerSources } from './register-source.js';
import { createServerFiles } from './server-files.js';
import { createRegistrar } from './stream-registrar.js';

/** @import { Sources } from './register-source.js' */

/**
 * @typedef {object} RegisterOptions
 * @property {(streamId: string) => void} onRegistered
 * @property {(problem: unknown) => void} onProblem told what goes wrong when the dialog is closed already
 */

/** @param {RegisterOptions} options */
export function createRegisterDialog(options) {
  const dialog = find('#register', HTMLDialogElement);
  const form = find('#register-form', HTMLFormElement);
  placeStreamFields(form);
  const { refresh, ...parts } = createParts(form, options);
  /** Stops what is under way. */
  let running = new AbortController();
  refresh();
  form.addEventListener('change', refresh);
  find('[value=cancel]', HTMLButtonElement, form).addEventListener('click', () => {
    // The browser tells of `close` a moment later, when the answer may have come.
    running.abort();
    dialog.close();
  });
  dialog.addEventListener('cancel', ({ target }) => {
    // Escape; a chooser of files that is left without a choice tells the same of itself.
    if (target === dialog) running.abort();
  });
  dialog.addEventListener('close', () => {
    running.abort();
    parts.cameraFields.turnOff();
    parts.list.clear();
    parts.serverFiles.clear();
    form.reset();
    refresh();
  });
  const open = () => openDialog(dialog, form, parts.serverFiles);
  find('#add', HTMLButtonElement).addEventListener('click', open);
  takeFiles(form, open, (files) => parts.list.addFiles(files).catch(options.onProblem));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // Of the first, which `running` goes on to stop.
    if (find('[type=submit]', HTMLButtonElement, form).ariaBusy === 'true') return;
    running = new AbortController();
    await submit({ ...options, ...parts, form, dialog, signal: running.signal });
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {RegisterOptions} options
 */
function createParts(form, options) {
  const registrar = createRegistrar(options);
  const refresh = () => showFields(form, list, serverFiles.paths());
  const list = new FileList({
    onChange: refresh,
    onRemoved({ token, path }) {
      if (path !== null) serverFiles.drop(path);
      discard(token, registrar).catch(options.onProblem);
    },
  });
  const serverFiles = createServerFiles({ onChange: refresh });
  const [cameraFields, cameraPanel] = [new CameraFields(form), new CameraPanel(options)];
  return { registrar, list, serverFiles, cameraFields, cameraPanel, refresh };
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLFormElement} form
 * @param {{ look(): Promise<void> }} serverFiles
 */
function openDialog(dialog, form, serverFiles) {
  if (dialog.open) return;
  showProblem('');
  dialog.showModal();
  offerPurposes(form).catch((problem) => showProblem(toSentence(messageOf(problem))));
  serverFiles.look();
}

/**
 * Files of the field, and what is dropped anywhere.
 * @param {HTMLFormElement} form
 * @param {() => void} open
 * @param {(files: Iterable<File>) => void} take
 */
function takeFiles(form, open, take) {
  const field = find('[name=file]', HTMLInputElement, form);
  field.addEventListener('change', () => {
    take([...(field.files ?? [])]);
    // The list has them: the same may be chosen again after it was removed.
    field.value = '';
  });
  createDropZone((files) => {
    open();
    const upload = find('[name=from][value=upload]', HTMLInputElement, form);
    if (!upload.checked) upload.focus();
    upload.click();
    take([...files]);
  });
}

/** @typedef {RegisterOptions & Sources & { dialog: HTMLDialogElement }} Submission */

/** @param {Submission} submission */
async function submit(submission) {
  const { form, dialog, onRegistered, signal } = submission;
  const button = find('[type=submit]', HTMLButtonElement, form);
  button.ariaBusy = 'true';
  showProblem('');
  try {
    const { ids, failed } = await registerSources(submission);
    signal.throwIfAborted();
    if (failed > 0) showProblem(`${count(failed, 'file')} could not be added; what was wrong stands above.`);
    else dialog.close();
    const [first] = ids;
    if (first !== undefined) onRegistered(first);
  } catch (problem) {
    if (!signal.aborted) showProblem(toSentence(messageOf(problem)));
  } finally {
    button.ariaBusy = 'false';
  }
}

/**
 * Shows what belongs to the chosen kind of source, and what the purpose means.
 * @param {HTMLFormElement} form
 * @param {FileList} list
 * @param {readonly string[]} paths chosen ones of the server
 */
function showFields(form, list, paths) {
  const data = new FormData(form);
  const from = String(data.get('from'));
  for (const part of form.querySelectorAll('[data-for]')) {
    if (!(part instanceof HTMLElement)) continue;
    part.hidden = !part.dataset.for?.split(' ').includes(from);
    const input = part.querySelector('input');
    if (part instanceof HTMLLabelElement && input && input.type !== 'file') input.required = !part.hidden;
  }
  const byFile = from === 'upload' || from === 'file';
  list.showServer(from === 'file');
  const chosen = from === 'file' ? paths : list.shown.filter(isWanted).map(({ name }) => name);
  find('#loop', HTMLElement, form).hidden = data.get('pace') !== 'clock';
  const several = byFile && chosen.length > 1;
  find('#stream-name', HTMLElement, form).hidden = several;
  find('#named-by-file', HTMLElement, form).hidden = !several;
  const name = find('[name=name]', HTMLInputElement, form);
  name.required = !byFile;
  name.placeholder = byFile && chosen[0] ? nameOf(chosen[0]) : '';
  const preview = find('[name=preview]', HTMLInputElement, form);
  // Who agrees to send the own camera was told that nobody looks at its picture.
  if (from === 'camera') preview.checked = false;
  find('.preview-choice', HTMLElement, form).hidden = from === 'camera';
  explainPurpose(form);
}

/**
 * Removes what was sent and no stream has taken.
 * @param {string | null} token
 * @param {ReturnType<typeof createRegistrar>} registrar
 */
async function discard(token, registrar) {
  if (token === null) return;
  await registrar.settled();
  await mien.discardUpload(token).catch((problem) => {
    // A stream that was there before has the same file: it stays.
    if (problem.code !== 'CONFLICT') throw problem;
  });
}

/** @param {string} sentence */
function showProblem(sentence) {
  showText(find('#register-problem', HTMLElement), sentence);
}
