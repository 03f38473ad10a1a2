/** Finds, copies and changes elements of the page. Text is set as text, never as markup. */

/**
 * Finds an element that the page must have.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, type, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * A copy of the one element in a template.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function cloneTemplate(id) {
  const { content } = find(`#${id}`, HTMLTemplateElement);
  return /** @type {HTMLElement} */ (find('*', HTMLElement, content).cloneNode(true));
}

/**
 * Sets a text only if it differs, so that screen readers and layout are not troubled for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a list match the items: those with a known key are kept, others added or removed.
 * @template T
 * @param {Element} list
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => HTMLElement, update: (element: HTMLElement, item: T) => void }} how
 */
export function reconcile(list, items, { key, create, update }) {
  const present = new Map(
    [...list.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]),
  );
  for (const [index, item] of items.entries()) {
    const found = /** @type {HTMLElement | undefined} */ (present.get(key(item)));
    const element = found ?? create(item);
    element.dataset.key = key(item);
    present.delete(key(item));
    // In its place first: outside the page it has no size, and nothing could be drawn in it.
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item);
  }
  for (const gone of present.values()) gone.remove();
}
