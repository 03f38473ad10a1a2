/** The fields of a stream's settings, in the dialog that adds one and in the one that changes it. */
import { cloneTemplate, find } from './page/dom.js';
import { parseTags, tagsText } from './tags-text.js';

/** @import { StreamSettings } from './types.js' */

/** @param {HTMLFormElement} form with a place for them */
export function placeStreamFields(form) {
  find('[data-place=stream-fields]', HTMLElement, form).replaceWith(cloneTemplate('stream-fields'));
  // What is wrong can be shown only where it can be seen.
  form.addEventListener('invalid', ({ target }) => openAround(target), { capture: true });
}

/** @param {EventTarget | null} target */
function openAround(target) {
  const details = target instanceof Element ? target.closest('details') : null;
  if (details) details.open = true;
}

/**
 * @param {HTMLFormElement} form
 * @returns {StreamSettings}
 * @throws Error with what is wrong
 */
export function readStreamFields(form) {
  const data = new FormData(form);
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '').trim();
  return {
    frameRate: Number(text('frameRate')),
    tags: parseTags(text('tags')),
    preview: data.has('preview'),
    retention: text('retention') === '' ? null : Number(text('retention')),
    priority: text('priority'),
    detectSize: text('detectSize'),
    smoothing: Number(text('smoothing')),
    timing: text('timing') || null,
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {StreamSettings} settings
 */
export function fillStreamFields(form, { tags, preview, ...others }) {
  find('[name=tags]', HTMLTextAreaElement, form).value = tagsText(tags);
  find('[name=preview]', HTMLInputElement, form).checked = preview;
  for (const [name, value] of Object.entries(others)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      field.value = value === null ? '' : String(value);
  }
}
