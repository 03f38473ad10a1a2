/** The dialog in which an output is added or changed. What fails stays as it was written, with its reason beside it. */
import { ConnectionLost, messageOf } from '../client.js';
import { ADD_OUTPUT, UPDATE_OUTPUT } from '../documents.js';
import { quoted, toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { find, setText } from '../page/dom.js';
import { FieldProblem } from './field-problem.js';
import { RuleFields } from './rule-fields.js';
import { fillTarget, HOST_FIELDS, readTarget, showTarget } from './target-fields.js';

/** @import { Output, OutputKind, OutputTopic, Rule } from './types.js' */
/** @typedef {{ name: string, enabled: boolean, topics: OutputTopic[], rules: Rule[], target: object }} Written */

/**
 * @typedef {object} OutputFormOptions
 * @property {(sentence: string, secret: string | null) => void} onSaved with the secret that the server made, which it never tells again
 * @property {(sentence: string) => void} onLateProblem told what goes wrong when the dialog is closed already
 */

export class OutputForm {
  #dialog = find('#output', HTMLDialogElement);
  #form = find('#output-form', HTMLFormElement);
  #submit = find('[type=submit]', HTMLButtonElement, this.#form);
  #rules = new RuleFields();
  #problem = new FieldProblem(
    this.#form,
    find('#output-problem', HTMLElement),
    find('.buttons', HTMLElement, this.#form),
  );
  #options;
  /** What is changed; null: one is added. @type {Output | null} */
  #output = null;
  #streamId = '';
  /** What the fields said at first. @type {Written | null} */
  #before = null;
  #opening = 0;

  /** @param {OutputFormOptions} options */
  constructor(options) {
    this.#options = options;
    this.#form.addEventListener('change', () => this.#refresh());
    find('[value=cancel]', HTMLButtonElement, this.#form).addEventListener('click', () => this.close());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#dialog.addEventListener('close', () => this.#forget());
  }

  /**
   * @param {string} streamId
   * @param {Output | null} output null: a new one
   */
  open(streamId, output) {
    this.#opening++;
    [this.#streamId, this.#output] = [streamId, output];
    this.#form.reset();
    this.#submit.ariaBusy = 'false';
    find('[name="webhook.url"]', HTMLInputElement, this.#form).placeholder = 'https://example.org/hook';
    for (const part of this.#form.querySelectorAll('[data-when]'))
      if (part instanceof HTMLElement) part.hidden = (part.dataset.when === 'new') !== (output === null);
    if (output) this.#fill(output);
    this.#rules.show(output?.rules ?? []);
    setText(find('#output-title', HTMLElement), output ? 'Change this output' : 'Add an output');
    setText(this.#submit, output ? 'Save' : 'Add');
    this.#problem.clear();
    this.#refresh();
    this.#before = this.#read();
    this.#dialog.showModal();
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  /** Passwords and secrets do not stay in the page; what is being saved was read before. */
  #forget() {
    if (this.#dialog.open) return;
    this.#form.reset();
    this.#rules.show([]);
    [this.#output, this.#before] = [null, null];
  }

  get #kind() {
    return /** @type {OutputKind} */ (new FormData(this.#form).get('kind'));
  }

  #refresh() {
    showTarget(this.#form, this.#kind, this.#output === null);
  }

  /** @param {Output} output */
  #fill(output) {
    const set = (/** @type {string} */ selector) => find(selector, HTMLInputElement, this.#form);
    set('[name=name]').value = output.name;
    set('[name=enabled]').checked = output.enabled;
    set(`[name=kind][value=${output.kind}]`).checked = true;
    for (const topic of this.#form.querySelectorAll('[name=topics]'))
      if (topic instanceof HTMLInputElement) topic.checked = output.topics.some((one) => one === topic.value);
    fillTarget(this.#form, output);
  }

  /** @returns {Written} */
  #read() {
    const data = new FormData(this.#form);
    return {
      name: String(data.get('name')).trim(),
      enabled: data.has('enabled'),
      topics: /** @type {OutputTopic[]} */ (data.getAll('topics').map(String)),
      rules: this.#rules.read(),
      target: readTarget(this.#form, this.#kind),
    };
  }

  async #save() {
    if (this.#submit.ariaBusy === 'true') return;
    this.#submit.ariaBusy = 'true';
    this.#problem.clear();
    const opening = this.#opening;
    const isShown = () => this.#dialog.open && opening === this.#opening;
    const { name } = this.#read();
    try {
      const { sentence, secret } =
        this.#output === null ? await this.#add() : await this.#change(this.#output);
      if (isShown()) this.close();
      this.#options.onSaved(sentence, secret);
    } catch (problem) {
      const unknown = problem instanceof ConnectionLost;
      const saved = `${quoted(name)} ${unknown ? 'may or may not have been saved' : 'was not saved'}`;
      const sentence = toSentence(messageOf(problem));
      if (!isShown()) this.#options.onLateProblem(`${saved}. ${sentence}`);
      else this.#showProblem(unknown ? `${sentence} ${saved}: look at the list behind this.` : sentence);
    } finally {
      if (opening === this.#opening) this.#submit.ariaBusy = 'false';
    }
  }

  async #add() {
    const written = this.#read();
    const ofStream = new FormData(this.#form).get('scope') === 'stream';
    const input = { ...written, ...(ofStream && { streamId: this.#streamId }) };
    /** @type {{ addOutput: { secret: string | null } }} */
    const { addOutput } = await mien.request(ADD_OUTPUT, { input });
    const next = written.enabled ? '' : ' It is off: try it, and turn it on.';
    return { sentence: `${quoted(written.name)} was added.${next}`, secret: addOutput.secret };
  }

  /** What was not changed is not sent: it may be an admin's, and a change begins an output anew. @param {Output} output */
  async #change({ id, name }) {
    const changes = Object.entries(this.#read()).filter(
      ([key, value]) =>
        JSON.stringify(value) !== JSON.stringify(this.#before?.[/** @type {keyof Written} */ (key)]),
    );
    if (changes.length === 0) return { sentence: `Nothing of ${quoted(name)} was changed.`, secret: null };
    await mien.request(UPDATE_OUTPUT, { input: { id, ...Object.fromEntries(changes) } });
    return { sentence: `${quoted(name)} was changed, and has begun anew.`, secret: null };
  }

  /** @param {string} sentence */
  #showProblem(sentence) {
    // Whose address may be named is the one thing that is said without a field's name.
    this.#problem.show(sentence, / address\b/.test(sentence) ? HOST_FIELDS[this.#kind] : undefined);
  }
}
