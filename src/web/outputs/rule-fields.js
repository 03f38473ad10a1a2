/** Rules as sentences that are filled in: “When [happiness] of [anyone] lasts [2] s”. */

import { EXPRESSIONS, humanize } from '../format.js';
import { cloneTemplate, find, setText } from '../page/dom.js';
import { ruleName } from './words.js';

/** @import { Expression } from '../types.js' */
/** @import { Rule } from './types.js' */

/** As many as an output may have. */
const MOST = 20;
/** Characters of a rule's name. */
const LONGEST_NAME = 60;

/** What a new rule says. @type {Rule} */
const FIRST = { name: '', expression: 'HAPPINESS', minDuration: 2, minConfidence: 0, trackNumber: null };

export class RuleFields {
  #list = find('#output-rules', HTMLUListElement);
  #add = find('#output-rule-add', HTMLButtonElement);

  constructor() {
    this.#add.addEventListener('click', () => {
      const row = this.#append(FIRST);
      find('select', HTMLSelectElement, row).focus();
    });
  }

  /** @param {readonly Rule[]} rules */
  show(rules) {
    this.#list.replaceChildren();
    for (const rule of rules) this.#append(rule);
    this.#number();
  }

  /** @returns {Rule[]} each with a name */
  read() {
    const rules = [...this.#list.children].map((row) => readRow(row));
    const taken = new Set(rules.map(({ name }) => name));
    return rules.map((rule) => (rule.name === '' ? { ...rule, name: freeName(rule, taken) } : rule));
  }

  /** @param {Rule} rule */
  #append(rule) {
    const row = cloneTemplate('output-rule');
    fillRow(row, rule);
    row.addEventListener('input', () => refreshRow(row));
    find('button', HTMLButtonElement, row).addEventListener('click', () => this.#remove(row));
    this.#list.append(row);
    this.#number();
    return row;
  }

  /** @param {HTMLElement} row */
  #remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#number();
    // The focus stays where it was.
    (next?.querySelector('button') ?? this.#add).focus();
  }

  #number() {
    const rows = [...this.#list.children];
    for (const [at, row] of rows.entries()) setText(find('legend', HTMLElement, row), `Rule ${at + 1}`);
    this.#list.hidden = rows.length === 0;
    this.#add.hidden = rows.length >= MOST;
  }
}

/**
 * @param {HTMLElement} row
 * @param {Rule} rule
 */
function fillRow(row, { name, expression, minDuration, minConfidence, trackNumber }) {
  const options = EXPRESSIONS.map((one) => new Option(humanize(one).toLowerCase(), one));
  const select = find('.rule-expression', HTMLSelectElement, row);
  select.replaceChildren(...options);
  select.value = expression;
  find('.rule-whom', HTMLSelectElement, row).value = trackNumber === null ? 'anyone' : 'face';
  input(row, 'track').value = String(trackNumber ?? 1);
  input(row, 'duration').value = String(minDuration);
  input(row, 'confidence').value = String(Number((minConfidence * 100).toFixed(4)));
  input(row, 'name').value = name;
  refreshRow(row);
}

/** @param {HTMLElement} row */
function refreshRow(row) {
  const track = input(row, 'track');
  track.hidden = find('.rule-whom', HTMLSelectElement, row).value === 'anyone';
  track.required = !track.hidden;
  track.disabled = track.hidden;
  input(row, 'name').placeholder = ruleName(readRow(row));
}

/** @param {Element} row @returns {Rule} its name empty where nobody gave it one */
function readRow(row) {
  const one = find('.rule-whom', HTMLSelectElement, row).value === 'face';
  return {
    name: input(row, 'name').value.trim(),
    expression: /** @type {Expression} */ (find('.rule-expression', HTMLSelectElement, row).value),
    minDuration: Number(input(row, 'duration').value),
    minConfidence: Number(input(row, 'confidence').value) / 100,
    trackNumber: one ? Number(input(row, 'track').value) : null,
  };
}

/**
 * @param {Element} row
 * @param {'track' | 'duration' | 'confidence' | 'name'} what
 */
function input(row, what) {
  return find(`.rule-${what}`, HTMLInputElement, row);
}

/**
 * One that no other rule has.
 * @param {Rule} rule
 * @param {Set<string>} taken gets it
 */
function freeName(rule, taken) {
  const base = ruleName(rule).slice(0, LONGEST_NAME - 3);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base} ${number}`;
  taken.add(name);
  return name;
}
