/** Who this browser is to the server, and how it becomes somebody. */
import { ConnectionLost, MienError } from './client.js';

/** @import { Who } from './types.js' */

/** A server that is silent for longer does not answer. */
const MAX_SILENCE_MS = 30_000;

/** @returns {Promise<Who>} @throws {MienError | ConnectionLost} */
export function askWho() {
  return ask('auth/who');
}

/** @param {string} token @throws {MienError | ConnectionLost} */
export function signInBy(token) {
  return ask('auth/sign-in', { token });
}

/** @param {string} query what the issuer sent this browser back with @throws {MienError | ConnectionLost} */
export function finishSignIn(query) {
  return ask('auth/callback', { query });
}

/** @throws {MienError | ConnectionLost} */
export function signOut() {
  return ask('auth/sign-out', {});
}

/** The page that is shown again after signing in is told by what stands behind `#`, so that it can be none of another server. */
export function signInAddress() {
  return `sign-in${location.hash}`;
}

/**
 * @param {string} path
 * @param {object} [body] with it, it is sent by POST
 */
async function ask(path, body) {
  const headers = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) };
  const giveUp = new AbortController();
  const silence = setTimeout(() => giveUp.abort(), MAX_SILENCE_MS);
  const options = {
    ...{ headers, signal: giveUp.signal },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  };
  const response = await fetch(path, options).catch((cause) => {
    throw new ConnectionLost('the server does not answer', { cause });
  });
  const answer = await response.json().catch((cause) => {
    throw new ConnectionLost(`the server answered ${response.status} without a sentence`, { cause });
  });
  clearTimeout(silence);
  const [error] = answer.errors ?? [];
  if (error) throw new MienError(error);
  if (!response.ok) throw new ConnectionLost(`the server answered ${response.status}`);
  return answer;
}
