/** The files that were chosen, a line each: what is wrong with it, how far it is, and a button that takes it away. */
import { messageOf } from '../client.js';
import { toSentence } from '../format.js';
import { cloneTemplate, find, reconcile, setText } from '../page/dom.js';
import { refusalOf } from './file-kind.js';
import { byteText } from './transfer-pace.js';

/** `refused` is one that is none, `failed` one that may be tried again. */
/** @typedef {'checking' | 'ready' | 'refused' | 'sending' | 'registering' | 'added' | 'failed'} FileState */

/**
 * @typedef {object} ChosenFile
 * @property {string} key
 * @property {string} name for people
 * @property {File | null} file null: it lies on the server
 * @property {string | null} path on the server
 * @property {string | null} token of the upload, once all of it is there
 * @property {FileState} state
 * @property {string} text
 * @property {number} fraction
 * @property {AbortController} stop
 */

const UNDER_WAY = ['sending', 'registering'];

/** @typedef {{ onChange: () => void, onRemoved: (chosen: ChosenFile) => void }} FileListOptions */

export class FileList {
  /** @type {ChosenFile[]} */
  #all = [];
  #last = 0;
  #fromServer = false;
  /** Of the last that were chosen, and all before them. @type {Promise<unknown>} */
  #checks = Promise.resolve();
  #list = find('#files', HTMLElement);
  #options;

  /** @param {FileListOptions} options */
  constructor(options) {
    this.#options = options;
    this.#list.addEventListener('click', ({ target }) => {
      const key = target instanceof HTMLButtonElement && target.closest('li')?.dataset.key;
      const index = this.shown.findIndex((one) => one.key === key);
      const chosen = this.shown[index];
      if (!chosen) return;
      this.#remove(chosen);
      // The focus goes on to what stands in its place.
      const next = this.#list.querySelectorAll('button')[Math.min(index, this.shown.length - 1)];
      (next ?? find('[name=file]', HTMLInputElement)).focus();
    });
  }

  /** Those of the kind that is shown. */
  get shown() {
    return this.of(this.#fromServer);
  }

  /** @param {boolean} fromServer those of the server; else those of this device */
  of(fromServer) {
    return this.#all.filter(({ file }) => (file === null) === fromServer);
  }

  /** Resolves when none is being checked. */
  async checked() {
    while (this.#all.some(({ state }) => state === 'checking')) await this.#checks;
  }

  /** Shows those of the server instead of those of this device. @param {boolean} whether */
  showServer(whether) {
    this.#fromServer = whether;
    this.#render();
  }

  /** @param {Iterable<File>} files */
  async addFiles(files) {
    const added = [...files].map((file) =>
      this.#append({ name: file.name, file, path: null, state: 'checking', text: byteText(file.size) }),
    );
    this.#render();
    const checks = added.map((chosen) => check(chosen, (values) => this.change(chosen, values)));
    this.#checks = Promise.all([this.#checks, ...checks]);
    await this.#checks;
  }

  /** Instead of those of the server that are there and not added yet. @param {readonly string[]} paths */
  setPaths(paths) {
    this.#all = this.#all.filter(({ path, state }) => path === null || state === 'added');
    for (const path of paths.filter((one) => !this.#all.some(({ path: known }) => known === one)))
      this.#append({ name: path, file: null, path, state: 'ready', text: '' });
    this.#changed();
  }

  /**
   * @param {ChosenFile} chosen
   * @param {Partial<ChosenFile>} values
   */
  change(chosen, values) {
    Object.assign(chosen, values);
    this.#changed();
  }

  clear() {
    for (const chosen of [...this.#all]) this.#remove(chosen);
  }

  /** @param {ChosenFile} chosen */
  #remove(chosen) {
    this.#all = this.#all.filter((one) => one !== chosen);
    chosen.stop.abort();
    this.#options.onRemoved(chosen);
    this.#changed();
  }

  /** @param {Pick<ChosenFile, 'name' | 'file' | 'path' | 'state' | 'text'>} values */
  #append(values) {
    const key = String(++this.#last);
    /** @type {ChosenFile} */
    const chosen = { key, token: null, fraction: 0, stop: new AbortController(), ...values };
    this.#all.push(chosen);
    return chosen;
  }

  #changed() {
    this.#render();
    this.#options.onChange();
  }

  #render() {
    this.#list.hidden = this.shown.length === 0;
    reconcile(this.#list, this.shown, { key: ({ key }) => key, create: createLine, update: updateLine });
  }
}

/**
 * @param {ChosenFile} chosen
 * @param {(values: Partial<ChosenFile>) => void} change
 */
async function check(chosen, change) {
  try {
    const refusal = chosen.file && (await refusalOf(chosen.file));
    if (refusal) change({ state: 'refused', text: refusal });
    else change({ state: 'ready' });
  } catch (problem) {
    change({ state: 'refused', text: `It cannot be read. ${toSentence(messageOf(problem))}` });
  }
}

/** @returns {HTMLElement} */
function createLine() {
  return cloneTemplate('file-item');
}

/**
 * @param {HTMLElement} line
 * @param {ChosenFile} chosen
 */
function updateLine(line, { name, state, text, fraction }) {
  line.dataset.state = state === 'refused' ? 'failed' : state;
  setText(find('.file-name', HTMLElement, line), name);
  setText(find('.file-state', HTMLElement, line), text);
  const button = find('button', HTMLButtonElement, line);
  const word = UNDER_WAY.includes(state) ? 'Cancel' : 'Remove';
  setText(button, word);
  button.setAttribute('aria-label', `${word} ${name}`);
  button.hidden = state === 'added';
  const progress = find('progress', HTMLProgressElement, line);
  progress.hidden = state !== 'sending';
  progress.value = fraction;
  progress.setAttribute('aria-label', `Upload of ${name}`);
}
