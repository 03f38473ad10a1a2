/** Who is signed in: shown in the header, with the way out; and what happens when that ends while the page is open. */
import { askWho, signInAddress, signOut } from './auth-client.js';
import { remember } from './camera/camera-memory.js';
import { messageOf, retry } from './client.js';
import { humanize, withinSentence } from './format.js';
import { SIGNED_OUT, withoutAsking } from './graphql-client.js';
import { find, setText } from './page/dom.js';

/** @import { Principal } from './types.js' */

/**
 * Finds out who this is, and leaves for the sign-in page where that is nobody.
 * @param {object} options
 * @param {(lost: { reason: string, retryMs: number }) => void} options.onLost
 * @param {() => void} options.onSignedOut
 * @param {(problem: unknown) => void} options.onProblem null: none any more
 * @returns {Promise<void>} resolves once the server can be asked for more
 */
export async function openAccount({ onLost, onSignedOut, onProblem }) {
  const { signal } = new AbortController();
  // Also where nobody had to sign in until now.
  addEventListener(SIGNED_OUT, () => {
    onSignedOut();
    showSignedOut();
  });
  await retry(
    async () => {
      const { required, principal } = await askWho();
      if (!required) return;
      if (principal === null) return leave();
      showPrincipal(principal, onProblem);
    },
    { signal, onLost },
  );
}

/** Never resolves: another page comes, perhaps for another person, whom this one's camera does not concern. @returns {Promise<void>} */
function leave() {
  remember(null);
  location.replace(signInAddress());
  return new Promise(() => {});
}

/**
 * @param {Principal} principal
 * @param {(problem: unknown) => void} onProblem
 */
function showPrincipal({ name, role, streams }, onProblem) {
  document.body.dataset.role = role;
  find('#account', HTMLElement).hidden = false;
  setText(find('#account .who', HTMLElement), name);
  setText(
    find('#account .role', HTMLElement),
    `${humanize(role).toLowerCase()}${streams ? `, ${streams}` : ''}`,
  );
  find('#viewer-note', HTMLElement).hidden = role !== 'VIEWER';
  const button = find('#sign-out', HTMLButtonElement);
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    onProblem(null);
    // What is open ends by this too, and need not be told.
    await withoutAsking(() => signOut().then(leave)).catch((problem) =>
      onProblem(new Error(`You may still be signed in: ${withinSentence(messageOf(problem))}. Try again.`)),
    );
    button.ariaBusy = 'false';
  });
}

/** What is on the page stays as it was; nothing comes any more. */
function showSignedOut() {
  find('#account', HTMLElement).hidden = true;
  const dialog = find('#signed-out', HTMLDialogElement);
  for (const open of document.querySelectorAll('dialog[open]')) {
    if (open instanceof HTMLDialogElement) open.close();
  }
  for (const button of document.querySelectorAll('.sign-in-again')) {
    if (button instanceof HTMLElement) button.hidden = false;
    button.addEventListener('click', leave);
  }
  dialog.showModal();
}
