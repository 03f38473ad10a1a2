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
  dialog.showModal();
  return new Promise((resolve) => {
    const listening = new AbortController();
    const { signal } = listening;
    const answer = (/** @type {boolean} */ isToBeRemoved) => {
      listening.abort();
      resolve(isToBeRemoved);
    };
    const isRemoval = (/** @type {HTMLElement | null} */ button) =>
      button instanceof HTMLButtonElement && button.value === 'remove';
    dialog.addEventListener('submit', ({ submitter }) => answer(isRemoval(submitter)), { signal });
    dialog.addEventListener('cancel', () => answer(false), { signal });
    // Of what closes it otherwise. The browser tells of it a moment later, when the next question may be open.
    dialog.addEventListener('close', () => !dialog.open && answer(false), { signal });
  });
}

/** What it was about is not shown any more. */
export function takeBackQuestion() {
  const dialog = find('#confirm', HTMLDialogElement);
  if (dialog.open) dialog.close();
}
