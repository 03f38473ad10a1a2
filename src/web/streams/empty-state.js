/** What is offered where nothing is watched yet: the demo, a file, a camera, an address. */
import { REGISTER } from '../documents.js';
import { mien } from '../graphql-client.js';
import { find } from '../page/dom.js';

/** As the server starts it by itself in an empty database. */
const DEMO = { name: 'Demo', source: { demo: true }, purpose: 'RESEARCH', loop: true, realtime: true };

/**
 * @param {object} options
 * @param {(streamId: string) => void} options.onRegistered
 * @param {(problem: unknown) => void} options.onProblem null: none any more
 */
export function createEmptyState({ onRegistered, onProblem }) {
  const demo = find('#try-demo', HTMLButtonElement);
  demo.addEventListener('click', async () => {
    if (demo.ariaBusy === 'true') return;
    demo.ariaBusy = 'true';
    onProblem(null);
    try {
      /** @type {{ registerStream: { stream: { id: string } } }} */
      const { registerStream } = await mien.request(REGISTER, { input: DEMO });
      onRegistered(registerStream.stream.id);
    } catch (problem) {
      onProblem(problem);
    } finally {
      demo.ariaBusy = 'false';
    }
  });
  for (const button of document.querySelectorAll('#nothing [data-from]')) {
    if (!(button instanceof HTMLButtonElement)) continue;
    const choice = document.querySelector(`#register-form [name=from][value=${button.dataset.from}]`);
    // What the dialog does not have cannot be offered.
    button.hidden = choice === null;
    button.addEventListener('click', () => {
      find('#add', HTMLButtonElement).click();
      if (!(choice instanceof HTMLInputElement)) return;
      choice.click();
      choice.focus();
    });
  }
}
