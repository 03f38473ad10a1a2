/** Adds the chosen files, one after the other: sends what lies on this device, and registers a stream of each. */
import { messageOf } from '../client.js';
import { toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { createPace } from './transfer-pace.js';

/** @import { FileList, ChosenFile } from './file-list.js' */
/** @import { createRegistrar } from './stream-registrar.js' */

/** Milliseconds between changes of a line's words. */
const TELL_MS = 250;
const MAX_NAME = 200;

/**
 * @typedef {object} Adding
 * @property {FileList} list
 * @property {boolean} fromServer which of them: those of the server, or those of this device
 * @property {ReturnType<typeof createRegistrar>} registrar
 * @property {(chosen: ChosenFile) => object} toInput what is registered, all but its source
 * @property {(sentence: string) => void} onStatus
 * @property {AbortSignal} signal stops all of them
 */

/** @param {Adding} adding @returns {Promise<string[]>} ids of the streams; what failed says so in its line */
export async function addFiles(adding) {
  const { list, fromServer, signal } = adding;
  for (const chosen of list.of(fromServer))
    if (chosen.state === 'failed') list.change(chosen, { state: 'ready' });
  /** @type {string[]} */
  const ids = [];
  // What is chosen meanwhile comes behind.
  for (let next = await nextOf(adding); next; next = await nextOf(adding)) {
    const id = await addOne(next, adding);
    signal.throwIfAborted();
    if (id !== null) ids.push(id);
  }
  return ids;
}

/** Whatever kind of source the dialog shows by now. @param {Adding} adding */
async function nextOf({ list, fromServer, signal }) {
  await list.checked();
  signal.throwIfAborted();
  return list.of(fromServer).find(({ state }) => state === 'ready');
}

/**
 * @param {ChosenFile} chosen
 * @param {Adding} adding
 * @returns {Promise<string | null>} null: it was cancelled, or has failed
 */
async function addOne(chosen, { list, registrar, toInput, onStatus, signal }) {
  const either = AbortSignal.any([signal, chosen.stop.signal]);
  const input = toInput(chosen);
  try {
    const source = await sourceOf(chosen, list, either);
    list.change(chosen, { state: 'registering', text: 'The server looks at it' });
    const { stream } = await registrar.register({ ...input, source }, either);
    list.change(chosen, { state: 'added', text: 'Added', token: null });
    onStatus(`${chosen.name} is added.`);
    return stream.id;
  } catch (problem) {
    if (either.aborted) return null;
    const text = toSentence(messageOf(problem));
    list.change(chosen, { state: 'failed', text });
    onStatus(`${chosen.name} could not be added. ${text}`);
    return null;
  }
}

/**
 * @param {ChosenFile} chosen
 * @param {Adding['list']} list
 * @param {AbortSignal} signal
 */
async function sourceOf(chosen, list, signal) {
  if (chosen.file === null) return { file: chosen.path };
  chosen.token ??= await send(chosen.file, signal, (fraction, text) =>
    list.change(chosen, { state: 'sending', fraction, text }),
  );
  return { upload: chosen.token };
}

/**
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {(fraction: number, text: string) => void} onProgress
 */
function send(file, signal, onProgress) {
  const pace = createPace(file.size);
  let told = Number.NEGATIVE_INFINITY;
  onProgress(0, pace.tell(0));
  return mien.upload(file, {
    signal,
    onProgress(fraction) {
      if (signal.aborted || (performance.now() - told < TELL_MS && fraction < 1)) return;
      told = performance.now();
      onProgress(fraction, pace.tell(fraction));
    },
  });
}

/** What a stream is called after its file: without folder and ending. @param {string} path */
export function nameOf(path) {
  const base = path.split('/').at(-1) ?? path;
  const name = base
    .replace(/\.[^.]{1,5}$/, '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return (name || base).slice(0, MAX_NAME);
}
