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
 * Sets a text, and hides its place where there is none.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function showText(element, text) {
  element.hidden = text === '';
  setText(element, text);
}

/**
 * Shows one of two buttons that take each other's place; who had the focus on the other has it here.
 * @param {HTMLElement} shown
 * @param {HTMLElement} hidden
 */
export function showInstead(shown, hidden) {
  const hadFocus = document.activeElement === hidden;
  shown.hidden = false;
  hidden.hidden = true;
  if (hadFocus) shown.focus();
}

/**
 * The focus goes on where what had it is gone, so that who comes by keyboard need not begin at the top of the page again:
 * in a dialog to what it begins with, else to the main part of the page.
 */
export function focusElsewhere() {
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  const begin = dialog?.querySelector('[autofocus]') ?? dialog?.querySelector('input, button');
  const place = dialog ? begin : document.querySelector('main');
  if (place instanceof HTMLElement) place.focus({ preventScroll: true });
}

/**
 * Makes the children of a list match the items: those with a known key are kept, others added or removed. Who has the
 * focus keeps it.
 * @template T
 * @param {Element} list
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => HTMLElement, update: (element: HTMLElement, item: T) => void }} how
 */
export function reconcile(list, items, { key, create, update }) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const wasInView = focused?.matches(':focus-visible') && isInView(list, focused);
  const wanted = new Set(items.map(key));
  /** @type {Map<string | undefined, HTMLElement>} */
  const present = new Map();
  // Those that go, go first: what stays would be moved else, and lose the focus.
  for (const child of /** @type {HTMLElement[]} */ ([...list.children])) {
    if (wanted.has(child.dataset.key ?? '')) present.set(child.dataset.key, child);
    else child.remove();
  }
  for (const [index, item] of items.entries()) {
    const element = present.get(key(item)) ?? create(item);
    element.dataset.key = key(item);
    // In its place first: outside the page it has no size, and nothing could be drawn in it.
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item);
  }
  if (!(focused instanceof HTMLElement)) return;
  if (!focused.isConnected) return focusElsewhere();
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  // It has another place among the others now, and is still seen.
  if (wasInView && !isInView(list, focused)) focused.scrollIntoView({ block: 'nearest' });
}

/** Whether any of an element is seen, in the window and in its list, which may scroll. @param {Element} list @param {Element} element */
function isInView(list, element) {
  const { top, bottom } = element.getBoundingClientRect();
  const outer = list.getBoundingClientRect();
  return bottom > Math.max(0, outer.top) && top < Math.min(innerHeight, outer.bottom);
}
