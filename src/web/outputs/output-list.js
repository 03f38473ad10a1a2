/** The outputs of a stream: how each is doing, with what can be done to it. */
import { messageOf } from '../client.js';
import { REMOVE_OUTPUT, TEST_OUTPUT, UPDATE_OUTPUT } from '../documents.js';
import { quoted, toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { confirmRemoval } from '../page/confirm-dialog.js';
import { cloneTemplate, find, reconcile, setText, showText } from '../page/dom.js';
import {
  countsSentence,
  errorSentence,
  outputState,
  ruleSentence,
  toldSentence,
  trialSentence,
  whereSentence,
} from './words.js';

/** @import { Output, Trial } from './types.js' */

/**
 * @typedef {object} OutputListOptions
 * @property {(output: Output) => void} onEdit
 * @property {(sentence: string) => Promise<void>} onChanged
 */

export class OutputList {
  #list = find('#outputs-list', HTMLUListElement);
  #options;
  /** @type {Map<string, Output>} */
  #shown = new Map();

  /** @param {OutputListOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {readonly Output[]} outputs */
  show(outputs) {
    this.#shown = new Map(outputs.map((output) => [output.id, output]));
    reconcile(this.#list, outputs, {
      key: ({ id }) => id,
      create: ({ id }) => this.#create(id),
      update: writeItem,
    });
    this.#list.hidden = outputs.length === 0;
  }

  /** @param {string} id */
  #create(id) {
    const item = cloneTemplate('output-item');
    /**
     * @param {string} selector
     * @param {(output: Output) => unknown} act
     */
    const bind = (selector, act) => {
      const button = find(selector, HTMLButtonElement, item);
      button.addEventListener('click', async () => {
        const output = this.#shown.get(id);
        if (output === undefined || button.ariaBusy === 'true') return;
        button.ariaBusy = 'true';
        try {
          await act(output);
        } catch (problem) {
          say(item, toSentence(messageOf(problem)), false);
        } finally {
          button.ariaBusy = 'false';
        }
      });
    };
    bind('.output-switch', (output) => this.#switch(output));
    bind('.output-try', (output) => tryOut(item, output));
    bind('.output-edit', (output) => this.#options.onEdit(output));
    bind('.output-remove', (output) => this.#remove(output));
    return item;
  }

  /** @param {Output} output */
  async #switch({ id, name, enabled }) {
    await mien.request(UPDATE_OUTPUT, { input: { id, enabled: !enabled } });
    await this.#options.onChanged(`${quoted(name)} was turned ${enabled ? 'off' : 'on'}.`);
  }

  /** @param {Output} output */
  async #remove(output) {
    const consequences = `${quoted(output.name)} is told nothing any more, and what waits for it is let go of. This cannot be undone.`;
    if (!(await confirmRemoval('Remove this output?', consequences))) return;
    await mien.request(REMOVE_OUTPUT, { id: output.id });
    await this.#options.onChanged(`${quoted(output.name)} was removed.`);
  }
}

/**
 * @param {HTMLElement} item
 * @param {Output} output
 */
function writeItem(item, output) {
  const { name, state, enabled, rules, lastError } = output;
  const write = (/** @type {string} */ selector, /** @type {string} */ text) =>
    showText(find(selector, HTMLElement, item), text);
  write('.name', name);
  write('.state', outputState(state));
  find('.state', HTMLElement, item).dataset.state = state;
  write('.output-where', whereSentence(output));
  write('.output-told', toldSentence(output));
  reconcile(find('.output-rules', HTMLElement, item), rules, {
    key: (rule) => rule.name,
    create: () => document.createElement('li'),
    update: (line, rule) => setText(line, `${ruleSentence(rule)} (${rule.name})`),
  });
  write('.output-counts', countsSentence(output));
  write('.output-error', errorSentence(lastError));
  setText(find('.output-switch', HTMLElement, item), enabled ? 'Turn off' : 'Turn on');
  for (const button of item.querySelectorAll('button')) button.ariaLabel = `${button.textContent}: ${name}`;
}

/**
 * @param {HTMLElement} item
 * @param {Output} output
 */
async function tryOut(item, { id }) {
  say(item, 'Trying…', null);
  /** @type {{ testOutput: Trial }} */
  const { testOutput } = await mien.request(TEST_OUTPUT, { id });
  say(item, trialSentence(testOutput), testOutput.ok);
}

/**
 * What came of what was done last.
 * @param {HTMLElement} item
 * @param {string} sentence
 * @param {boolean | null} ok null: it is not known yet
 */
function say(item, sentence, ok) {
  const place = find('.output-said', HTMLElement, item);
  place.dataset.ok = String(ok);
  setText(place, sentence);
}
