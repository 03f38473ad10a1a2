/** Shows the secrets of webhooks, each once: only the button that says that it was kept takes one away. */
import { find, setText } from '../page/dom.js';

/** @returns {(secret: string) => void} shows one, behind those that were not kept yet */
export function createSecretDialog() {
  const dialog = find('#output-secret', HTMLDialogElement);
  const field = find('#output-secret-text', HTMLInputElement);
  const said = find('#output-secret-said', HTMLElement);
  /** Not kept yet; the first is shown. @type {string[]} */
  const secrets = [];
  const show = () => {
    field.value = secrets[0] ?? '';
    if (secrets.length > 0 && !dialog.open) dialog.showModal();
    if (secrets.length === 0) dialog.close();
  };
  // Enter in the only field of a form submits it, which would close the dialog.
  find('form', HTMLFormElement, dialog).addEventListener('submit', (event) => event.preventDefault());
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  // Browsers let a second Escape close what `cancel` kept open, where they do not know `closedby`.
  dialog.addEventListener('close', show);
  find('#output-secret-kept', HTMLButtonElement).addEventListener('click', () => {
    secrets.shift();
    setText(said, '');
    show();
  });
  find('#output-secret-copy', HTMLButtonElement).addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      setText(said, 'Copied.');
    } catch {
      // Over plain HTTP from elsewhere, or refused by the user.
      field.select();
      setText(
        said,
        'The browser does not let this page copy. The secret is selected: copy it with the keyboard.',
      );
    }
  });
  return (secret) => {
    secrets.push(secret);
    show();
  };
}
