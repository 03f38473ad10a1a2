/** Who is signed in: shown in the header, with the way out; and what happens when that ends while the page is open. */
import { askWho, signInAddress, signOut } from './auth-client.js';
import { remember } from './camera/camera-memory.js';
import { retry } from './client.js';
import { humanize } from './format.js';
import { find, setText } from './page/dom.js';
import { SIGNED_OUT } from './server.js';

/** @import { Principal } from './types.js' */

/**
 * Finds out who this is, and leaves for the sign-in page where that is nobody.
 * @param {object} options
 * @param {(lost: { reason: string, retryMs: number }) => void} options.onLost
 * @param {(problem: unknown) => void} options.onProblem
 * @returns {Promise<void>} resolves once the server can be asked for more
 */
export async function openAccount({ onLost, onProblem }) {
  const { signal } = new AbortController();
  // Also where nobody had to sign in until now.
  addEventListener(SIGNED_OUT, showSignedOut, { once: true });
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
    // What is open ends by this too, and need not be told.
    removeEventListener(SIGNED_OUT, showSignedOut);
    await signOut().then(leave, onProblem);
    button.ariaBusy = 'false';
  });
}

/** What is on the page stays as it was; nothing comes any more. */
function showSignedOut() {
  const place = find('#connection', HTMLElement);
  place.dataset.state = 'lost';
  setText(place, 'signed out');
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
