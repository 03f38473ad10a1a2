/** Asks before something is removed for good. */
import { find, setText } from './dom.js';

/**
 * @param {string} question
 * @param {string} consequences
 * @returns {Promise<boolean>} whether it is to be removed
 */
export function confirmRemoval(question, consequences) {
  const dialog = find('#confirm', HTMLDialogElement);
  setText(find('#confirm-title', HTMLElement), question);
  setText(find('#confirm-text', HTMLElement), consequences);
  dialog.returnValue = 'cancel';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'remove'), { once: true });
  });
}

/** What it was about is not shown any more. */
export function takeBackQuestion() {
  const dialog = find('#confirm', HTMLDialogElement);
  if (dialog.open) dialog.close('cancel');
}
