/** The dialog of a stream's outputs: other programs that are told what happens in it, and how they are doing. */
import { messageOf } from '../client.js';
import { OUTPUTS } from '../documents.js';
import { toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { takeBackQuestion } from '../page/confirm-dialog.js';
import { find, setText, showText } from '../page/dom.js';
import { poll } from '../page/poll.js';
import { whileVisible } from '../page/visibility.js';
import { OutputForm } from './output-form.js';
import { OutputList } from './output-list.js';
import { createSecretDialog } from './secret-dialog.js';

/** @import { Stream } from '../types.js' */
/** @import { Output } from './types.js' */

/** Milliseconds between readings of how they are doing, which does not come by itself. */
const REFRESH_MS = 2000;

export class OutputsDialog {
  #dialog = find('#outputs', HTMLDialogElement);
  /** @type {Pick<Stream, 'id' | 'name'> | null} */
  #stream = null;
  #asked = 0;
  /** What is told at the next opening. */
  #saidLate = '';
  #showSecret = createSecretDialog();
  #form = new OutputForm({
    onSaved: (sentence, secret) => {
      if (secret !== null) this.#showSecret(secret);
      this.#changed(sentence);
    },
    onLateProblem: (sentence) => {
      this.#say(sentence);
      if (!this.#dialog.open) this.#onProblem(new Error(sentence));
    },
  });
  #list = new OutputList({
    onEdit: (output) => this.#openForm(output),
    onChanged: (sentence) => this.#changed(sentence),
  });

  #onProblem;

  /** @param {{ onProblem: (problem: unknown) => void }} options told what goes wrong while the dialog is closed */
  constructor({ onProblem }) {
    this.#onProblem = onProblem;
    find('#outputs-open', HTMLButtonElement).addEventListener('click', () => this.#open());
    find('#outputs-add', HTMLButtonElement).addEventListener('click', () => this.#openForm(null));
    find('#outputs-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
  }

  /** The stream that the page shows; null: none. @param {Pick<Stream, 'id' | 'name'> | null} stream */
  follow(stream) {
    // What was opened of another is not shown over this one.
    if (stream?.id !== this.#stream?.id && this.#dialog.open) {
      this.#form.close();
      takeBackQuestion();
      this.#dialog.close();
    }
    this.#stream = stream;
  }

  #open() {
    if (this.#stream === null || this.#dialog.open) return;
    setText(find('#outputs-stream', HTMLElement), this.#stream.name);
    this.#list.show([]);
    showNote('Asking the server…');
    showProblem('');
    this.#dialog.showModal();
    const stop = whileVisible(() => {
      const stop = new AbortController();
      const problem = { tell, over: () => {} };
      const ask = () => this.#refresh().then(() => true);
      poll(REFRESH_MS, ask, { signal: stop.signal, problem });
      return () => stop.abort();
    });
    // The browser tells of it a moment later: what is said since then is of the next opening.
    this.#dialog.addEventListener('close', stop, { once: true });
    this.#say(this.#saidLate);
    this.#saidLate = '';
  }

  /** @param {Output | null} output */
  #openForm(output) {
    if (this.#stream) this.#form.open(this.#stream.id, output);
  }

  /** @param {string} sentence */
  async #changed(sentence) {
    this.#say(sentence);
    await this.#refresh().catch(tell);
  }

  /** What was done last, also what came of it when the dialog was closed already. @param {string} sentence */
  #say(sentence) {
    if (this.#dialog.open) setText(find('#outputs-said', HTMLElement), sentence);
    else this.#saidLate = sentence;
  }

  async #refresh() {
    const asked = ++this.#asked;
    /** Another was asked since: what that tells is newer, whichever comes first. */
    const isOld = () => asked !== this.#asked || !this.#dialog.open;
    try {
      /** @type {{ outputs: { nodes: Output[] } }} */
      const { outputs } = await mien.request(OUTPUTS);
      if (isOld()) return;
      const mine = outputs.nodes.filter(({ stream }) => stream === null || stream.id === this.#stream?.id);
      this.#list.show(mine);
      showNote(mine.length === 0 ? 'No program is told yet.' : '');
      showProblem('');
    } catch (problem) {
      if (!isOld()) throw problem;
    }
  }
}

/** @param {string} sentence */
function showNote(sentence) {
  showText(find('#outputs-none', HTMLElement), sentence);
}

/** @param {unknown} problem */
function tell(problem) {
  showProblem(toSentence(messageOf(problem)));
}

/** What is shown is as it was: it is asked again. @param {string} sentence */
function showProblem(sentence) {
  showText(find('#outputs-problem', HTMLElement), sentence);
}
