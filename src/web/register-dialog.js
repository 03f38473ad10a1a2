/** The dialog that registers a stream: an address, or a file that is uploaded first. */

import { messageOf } from './client.js';
import { PURPOSES, REGISTER } from './documents.js';
import { find, setText } from './dom.js';
import { humanize, toSentence } from './format.js';
import { mien } from './server.js';

/** @typedef {{ name: string, description: string }} Purpose */

/** @param {{ onRegistered: (streamId: string) => void }} options */
export function createRegisterDialog({ onRegistered }) {
  const dialog = find('#register', HTMLDialogElement);
  const form = find('#register-form', HTMLFormElement);
  /** Tokens of files that were uploaded, so that they are not uploaded again after a refusal. @type {WeakMap<File, string>} */
  const tokens = new WeakMap();
  /** Stops the upload that is under way. */
  let sending = new AbortController();
  showFields(form);
  form.addEventListener('change', () => showFields(form));
  find('[value=cancel]', HTMLButtonElement, form).addEventListener('click', () => dialog.close());
  // Escape closes it too.
  dialog.addEventListener('close', () => sending.abort());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const enableSubmit = disableSubmit(form);
    sending = new AbortController();
    const { signal } = sending;
    try {
      const input = await readInput(form, tokens, signal);
      /** @type {{ registerStream: { stream: { id: string } } }} */
      const { registerStream } = await mien.request(REGISTER, { input }, { signal });
      dialog.close();
      form.reset();
      showFields(form);
      onRegistered(registerStream.stream.id);
    } catch (problem) {
      if (!signal.aborted) showProblem(toSentence(messageOf(problem)));
    } finally {
      enableSubmit();
    }
  });
  find('#add', HTMLButtonElement).addEventListener('click', () => {
    showProblem('');
    dialog.showModal();
    offerPurposes(form).catch((problem) => showProblem(toSentence(messageOf(problem))));
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {WeakMap<File, string>} tokens
 * @param {AbortSignal} signal
 */
async function readInput(form, tokens, signal) {
  const data = new FormData(form);
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '');
  const common = { name: text('name'), purpose: text('purpose'), frameRate: Number(text('frameRate')) };
  if (text('from') === 'url') return { ...common, source: { url: text('url').trim() } };
  const file = data.get('file');
  if (!(file instanceof File) || file.name === '') throw new Error('Choose a video file first.');
  const token = tokens.get(file) ?? (await mien.upload(file, { onProgress: showProgress, signal }));
  tokens.set(file, token);
  const [loop, realtime] = [data.has('loop'), data.has('realtime')];
  return { ...common, source: { upload: token }, loop, realtime };
}

/** Shows what belongs to the chosen kind of source, and what the purpose means. @param {HTMLFormElement} form */
function showFields(form) {
  const from = new FormData(form).get('from');
  for (const part of form.querySelectorAll('[data-for]')) {
    if (!(part instanceof HTMLElement)) continue;
    part.hidden = part.dataset.for !== from;
    const input = part.querySelector('input');
    if (input && input.type !== 'checkbox') input.required = !part.hidden;
  }
  const { selectedOptions } = find('[name=purpose]', HTMLSelectElement, form);
  setText(find('#purpose-about', HTMLElement, form), selectedOptions[0]?.dataset.about ?? '');
}

/** The purposes in the server's own words. @param {HTMLFormElement} form */
async function offerPurposes(form) {
  const select = find('[name=purpose]', HTMLSelectElement, form);
  if (select.options.length > 0) return;
  /** @type {{ __type: { enumValues: Purpose[] } }} */
  const { __type } = await mien.request(PURPOSES);
  select.add(new Option('Choose…', ''));
  for (const { name, description } of __type.enumValues) {
    const option = new Option(humanize(name), name);
    option.dataset.about = description;
    select.add(option);
  }
}

/** Keeps the form from being sent twice. @param {HTMLFormElement} form @returns {() => void} enables it again */
function disableSubmit(form) {
  const submit = find('[type=submit]', HTMLButtonElement, form);
  submit.disabled = true;
  showProblem('');
  return () => {
    submit.disabled = false;
    find('#register-progress', HTMLProgressElement).hidden = true;
  };
}

/** @param {number} fraction */
function showProgress(fraction) {
  const progress = find('#register-progress', HTMLProgressElement);
  Object.assign(progress, { hidden: false, value: fraction });
}

/** @param {string} sentence */
function showProblem(sentence) {
  const place = find('#register-problem', HTMLElement);
  place.hidden = sentence === '';
  setText(place, sentence);
}
