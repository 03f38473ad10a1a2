/** The dialog that changes a stream: its name and its settings, of which those are sent that were changed. */
import { messageOf } from '../client.js';
import { STREAM_SETTINGS, UPDATE } from '../documents.js';
import { toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { find, showText } from '../page/dom.js';
import { fillStreamFields, placeStreamFields, readStreamFields } from '../stream-fields.js';

/** @import { EditedStream, Stream } from '../types.js' */

/** Kinds of sources that have an end to start again at. */
const WITH_END = ['FILE', 'UPLOAD'];

/**
 * @typedef {object} EditOptions
 * @property {() => Stream | null} currentStream
 * @property {(problem: unknown) => void} onProblem null: none any more
 * @property {(stream: Stream) => void} onDone it was changed
 */

/** @param {EditOptions} options */
export function createEditDialog(options) {
  return new EditDialog(options);
}

class EditDialog {
  #options;
  #dialog = find('#edit-dialog', HTMLDialogElement);
  #form = find('#edit-form', HTMLFormElement);
  #submit = find('[type=submit]', HTMLButtonElement, this.#form);
  /** As the page knew it when the dialog opened. @type {Stream | null} */
  #shown = null;
  /** As the server told it then. @type {EditedStream | null} */
  #edited = null;
  /** What is being saved: of this opening, or of one before. @type {EditedStream | null} */
  #saving = null;
  /** Of several that are being opened the last counts. */
  #opening = 0;

  /** @param {EditOptions} options */
  constructor(options) {
    this.#options = options;
    placeStreamFields(this.#form);
    find('#edit', HTMLButtonElement).addEventListener('click', () => this.#open());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    find('[value=cancel]', HTMLButtonElement, this.#form).addEventListener('click', () =>
      this.#dialog.close(),
    );
    // Escape closes it too. The browser tells of it a moment later, when it may be open again.
    this.#dialog.addEventListener('close', () => {
      if (!this.#dialog.open) this.#edited = null;
    });
  }

  async #open() {
    const { currentStream, onProblem } = this.#options;
    const shown = currentStream();
    if (shown === null) return;
    const { id } = shown;
    const opening = ++this.#opening;
    onProblem(null);
    const button = find('#edit', HTMLButtonElement);
    button.ariaBusy = 'true';
    try {
      /** @type {{ stream: EditedStream | null }} */
      const { stream } = await mien.request(STREAM_SETTINGS, { id });
      if (currentStream()?.id !== id || opening !== this.#opening) return;
      // Another was opened meanwhile: it is not covered.
      if (document.querySelector('dialog[open]') !== null) return;
      if (stream === null) throw new Error('This stream was removed.');
      this.#shown = shown;
      this.#fill(stream);
      this.#dialog.showModal();
    } catch (problem) {
      onProblem(problem);
    } finally {
      if (opening === this.#opening) button.ariaBusy = 'false';
    }
  }

  /** @param {EditedStream} stream */
  #fill(stream) {
    const { name, loop, realtime, source, ...settings } = stream;
    this.#edited = stream;
    this.#tell('');
    this.#submit.ariaBusy = 'false';
    find('[name=name]', HTMLInputElement, this.#form).value = name;
    fillStreamFields(this.#form, settings);
    find('[name=loop]', HTMLInputElement, this.#form).checked = loop;
    // What is read as fast as it can be would be read without end. Where that is set it can be taken back.
    const canLoop = WITH_END.includes(source.kind) && (realtime === true || loop);
    find('#edit-loop', HTMLElement, this.#form).hidden = !canLoop;
  }

  async #save() {
    const [edited, shown] = [this.#edited, this.#shown];
    if (edited === null || this.#saving === edited) return;
    this.#saving = edited;
    this.#submit.ariaBusy = 'true';
    this.#tell('');
    try {
      const changes = changesOf(edited, this.#form);
      if (Object.keys(changes).length > 0)
        await mien.request(UPDATE, { input: { id: edited.id, ...changes } });
      if (this.#edited === edited) this.#dialog.close();
      if (shown && Object.keys(changes).length > 0) this.#options.onDone(shown);
    } catch (problem) {
      if (this.#dialog.open && this.#edited === edited) this.#tell(toSentence(messageOf(problem)));
      else this.#options.onProblem(problem);
    } finally {
      if (this.#saving === edited) {
        this.#saving = null;
        this.#submit.ariaBusy = 'false';
      }
    }
  }

  /** @param {string} sentence */
  #tell(sentence) {
    showText(find('#edit-problem', HTMLElement, this.#form), sentence);
  }
}

/**
 * What somebody else has changed meanwhile stays.
 * @param {EditedStream} before
 * @param {HTMLFormElement} form
 * @returns {Record<string, unknown>}
 */
function changesOf(before, form) {
  const data = new FormData(form);
  const name = String(data.get('name') ?? '').trim();
  const now = { name, loop: data.has('loop'), ...readStreamFields(form) };
  const isChanged = (/** @type {[string, unknown]} */ [key, value]) =>
    JSON.stringify(value) !== JSON.stringify(before[/** @type {keyof EditedStream} */ (key)]);
  return Object.fromEntries(Object.entries(now).filter(isChanged));
}
