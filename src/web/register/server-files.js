/** The choice among the files that the server has already. */
import { messageOf } from '../client.js';
import { FILES_PER_LIST, MEDIA_FILES } from '../documents.js';
import { toSentence } from '../format.js';
import { mien } from '../graphql-client.js';
import { cloneTemplate, find, reconcile, setText } from '../page/dom.js';
import { debounce } from '../page/throttle.js';
import { byteText } from './transfer-pace.js';

/** @typedef {{ path: string, size: number }} MediaFile */

/** Milliseconds without a key before what was typed is looked for. */
const TYPED_MS = 200;

/** @param {{ onChange: () => void }} options */
export function createServerFiles({ onChange }) {
  /** Also those that what was typed since does not find. @type {Set<string>} */
  const chosen = new Set();
  const field = find('[name=find]', HTMLInputElement);
  const list = find('#server-files', HTMLElement);
  const look = createLook(field, list, chosen);
  field.addEventListener('input', debounce(TYPED_MS, look));
  list.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (target.checked) chosen.add(target.value);
    else chosen.delete(target.value);
    onChange();
  });
  return {
    look,
    /** @returns {readonly string[]} */
    paths: () => [...chosen],
    /** @param {string} path */
    drop(path) {
      chosen.delete(path);
      for (const box of list.querySelectorAll('input')) box.checked = chosen.has(box.value);
    },
    clear() {
      chosen.clear();
      field.value = '';
    },
  };
}

/**
 * Gives a function that lists what the field asks for; of several answers the one to the last question counts.
 * @param {HTMLInputElement} field
 * @param {HTMLElement} list
 * @param {ReadonlySet<string>} chosen
 */
function createLook(field, list, chosen) {
  let asked = 0;
  return async () => {
    const asking = ++asked;
    const name = field.value.trim() || null;
    try {
      /** @type {{ mediaFiles: { nodes: MediaFile[], pageInfo: { hasNextPage: boolean } } }} */
      const { mediaFiles } = await mien.request(MEDIA_FILES, { name });
      if (asking === asked) show(list, mediaFiles.nodes, chosen, sentence(mediaFiles, name));
    } catch (problem) {
      if (asking === asked) show(list, [], chosen, toSentence(messageOf(problem)));
    }
  };
}

/**
 * @param {HTMLElement} list
 * @param {readonly MediaFile[]} files
 * @param {ReadonlySet<string>} chosen
 * @param {string} note
 */
function show(list, files, chosen, note) {
  reconcile(list, files, {
    key: ({ path }) => path,
    create: () => cloneTemplate('server-file'),
    update(item, { path, size }) {
      const box = find('input', HTMLInputElement, item);
      Object.assign(box, { value: path, checked: chosen.has(path) });
      setText(find('.path', HTMLElement, item), path);
      setText(find('.size', HTMLElement, item), byteText(size));
    },
  });
  setText(find('#server-files-note', HTMLElement), note);
}

/**
 * @param {{ nodes: readonly MediaFile[], pageInfo: { hasNextPage: boolean } }} found
 * @param {string | null} name
 */
function sentence({ nodes, pageInfo }, name) {
  if (pageInfo.hasNextPage) return `The first ${FILES_PER_LIST}; type a part of the name to find others.`;
  if (nodes.length > 0) return '';
  if (name !== null) return `No file of the server has “${name}” in its path.`;
  return 'There are none: whoever runs the server puts them into the directory that MIEN_MEDIA_DIR names.';
}
