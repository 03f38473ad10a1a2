/** The one sentence about what the server did not accept: beside the field that it names, else below all of them. */
import { setText } from '../page/dom.js';

/** What stands between backticks is a field, by its name in the API. */
const NAMED = /`([\w.]+)`/g;

export class FieldProblem {
  #form;
  #place;
  #below;
  /** @type {Element | null} */
  #field = null;

  /**
   * @param {HTMLFormElement} form its fields have their names of the API: `name`, or `data-field` of several together
   * @param {HTMLElement} place takes the sentence, and is moved to its field
   * @param {Element} below what it stands above where it names no field
   */
  constructor(form, place, below) {
    this.#form = form;
    this.#place = place;
    this.#below = below;
  }

  clear() {
    this.#place.hidden = true;
    setText(this.#place, '');
    this.#field?.removeAttribute('aria-invalid');
    this.#describe((ids) => ids.filter((id) => id !== this.#place.id));
    this.#field = null;
  }

  /**
   * @param {string} sentence
   * @param {string} [fallback] the field that it is about where it names none
   */
  show(sentence, fallback) {
    this.clear();
    const names = [...sentence.matchAll(NAMED)].map(([, name]) => /** @type {string} */ (name));
    const field =
      [...names, ...[fallback ?? []].flat()].map((name) => this.#find(name)).find(Boolean) ?? null;
    this.#field = field;
    if (field === null) this.#below.before(this.#place);
    else if (field instanceof HTMLFieldSetElement) field.append(this.#place);
    else (field.closest('label') ?? field).after(this.#place);
    this.#place.hidden = false;
    setText(
      this.#place,
      sentence.replaceAll(NAMED, (whole, name) => this.#label(name) ?? whole),
    );
    if (field === null) return this.#place.scrollIntoView({ block: 'nearest' });
    if (!(field instanceof HTMLFieldSetElement)) field.setAttribute('aria-invalid', 'true');
    this.#describe((ids) => [...ids, this.#place.id]);
    focusIn(field);
  }

  /** @param {(ids: string[]) => string[]} change */
  #describe(change) {
    const field = this.#field;
    if (field === null) return;
    const ids = change((field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean));
    if (ids.length === 0) field.removeAttribute('aria-describedby');
    else field.setAttribute('aria-describedby', ids.join(' '));
  }

  /** One that can be seen. @param {string} name @returns {HTMLElement | null} */
  #find(name) {
    const root = name.split('.')[0];
    const found = this.#form.querySelectorAll(
      `[name="${name}"], [data-field="${name}"], [data-field="${root}"]`,
    );
    for (const one of found) if (one instanceof HTMLElement && one.checkVisibility()) return one;
    return null;
  }

  /** What people know a field by. @param {string} name */
  #label(name) {
    const field = this.#find(name);
    const words = field?.closest('label')?.firstChild ?? field?.querySelector('legend');
    const text = words?.textContent?.trim();
    return text ? `“${text}”` : null;
  }
}

/** @param {HTMLElement} field */
function focusIn(field) {
  const inner = field.querySelector('input, select, button');
  if (field instanceof HTMLFieldSetElement && inner instanceof HTMLElement) inner.focus();
  else field.focus();
}
