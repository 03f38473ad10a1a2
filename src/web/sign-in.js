/** The sign-in page: by a token, or at the issuer and back. Afterwards the dashboard is shown where it was left. */
import { askWho, finishSignIn, signInBy } from './auth-client.js';
import { messageOf, retry } from './client.js';
import { toSentence } from './format.js';
import { find, setText, showText } from './page/dom.js';

/** Where the issuer's answer is found, behind `#`. */
const CALLBACK = '#/callback?';
/** In this tab, while it is at the issuer. */
const PLACE = 'mien:place';
const PROBLEMS = /** @type {Record<string, string>} */ ({
  issuer: 'The sign-in service does not answer now. Try again in a moment, or sign in with a token.',
});

start().catch(showProblem);

async function start() {
  const { hash, search } = location;
  if (hash.startsWith(CALLBACK)) {
    // What it says can be used once, and is nobody's business afterwards.
    const place = sessionStorage.getItem(PLACE) ?? '';
    history.replaceState(null, '', `sign-in${place}`);
    setProgress('Signing you in…');
    try {
      await finishSignIn(hash.slice(CALLBACK.length));
      return enter();
    } catch (problem) {
      showProblem(problem);
    } finally {
      setProgress('');
    }
  }
  await offerWays(PROBLEMS[new URLSearchParams(search).get('problem') ?? '']);
}

/** @param {string | undefined} problem what went wrong before */
async function offerWays(problem) {
  const { signal } = new AbortController();
  const onLost = () => setProgress('The server does not answer. Trying again…');
  await retry(
    async () => {
      const { required, principal, issuer } = await askWho();
      setProgress('');
      if (!required || principal !== null) return enter();
      if (problem !== undefined) showProblem(new Error(problem));
      if (issuer !== null) offerIssuer(issuer);
      find('#ways', HTMLElement).hidden = false;
      if (issuer === null) find('#token', HTMLInputElement).focus();
    },
    { signal, onLost },
  );
}

/** @param {string} name */
function offerIssuer(name) {
  const link = find('#issuer', HTMLAnchorElement);
  setText(link, `Sign in with ${name}`);
  link.hidden = false;
  find('#or', HTMLElement).hidden = false;
  link.addEventListener('click', () => sessionStorage.setItem(PLACE, location.hash));
}

/** The dashboard, where it was left. */
function enter() {
  location.replace(`./${location.hash}`);
}

const form = find('#token-form', HTMLFormElement);
const token = find('#token', HTMLInputElement);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const submit = find('[type=submit]', HTMLButtonElement, form);
  if (submit.ariaBusy === 'true') return;
  showTokenProblem('');
  showProblem(null);
  if (token.value.trim() === '') return showTokenProblem('Paste your token first.');
  submit.ariaBusy = 'true';
  try {
    await signInBy(token.value);
    enter();
  } catch (problem) {
    showTokenProblem(toSentence(messageOf(problem)));
  } finally {
    submit.ariaBusy = 'false';
  }
});
find('#show', HTMLInputElement).addEventListener('change', ({ target }) => {
  token.type = target instanceof HTMLInputElement && target.checked ? 'text' : 'password';
});

/** At the field that it is about, which is told of it and given the focus. @param {string} sentence */
function showTokenProblem(sentence) {
  showText(find('#token-problem', HTMLElement), sentence);
  token.ariaInvalid = String(sentence !== '');
  if (sentence !== '') token.focus();
}

/** @param {unknown} problem null: none any more */
function showProblem(problem) {
  showText(find('#problem', HTMLElement), problem === null ? '' : toSentence(messageOf(problem)));
}

/** @param {string} sentence */
function setProgress(sentence) {
  setText(find('#progress', HTMLElement), sentence);
}
