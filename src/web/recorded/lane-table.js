/** What is visible of the chart as a table, for who cannot see it, and for copying. Made when it is opened. */

import { expressionName, percent, preciseClock, signed } from '../format.js';
import { find, reconcile, setText } from '../page/dom.js';
import { laneName, sampleAt, strongest } from './words.js';

/** @import { Lanes } from './lanes.js' */
/** @import { Stretch } from './resolution.js' */

/** More rows than anybody reads; the exports have them all. */
const MOST_ROWS = 400;

/** @param {() => { lanes: Lanes | null, visible: Stretch }} current */
export function createLaneTable(current) {
  const details = find('#lane-table', HTMLDetailsElement);
  // What can be scrolled can be scrolled by keys.
  find('.table-scroll', HTMLElement, details).tabIndex = 0;
  const choice = find('#table-lane', HTMLSelectElement);
  const update = () => {
    const { lanes, visible } = current();
    if (lanes === null) return clear(details, choice);
    if (!details.open) return;
    reconcile(choice, lanes.lanes, {
      key: ({ track }) => String(track ?? 'all'),
      create: () => document.createElement('option'),
      update(option, lane) {
        /** @type {HTMLOptionElement} */ (option).value = String(lane.track ?? 'all');
        setText(option, laneName(lane));
      },
    });
    const rows = rowsOf(lanes, visible, choice.value);
    find('#lane-table tbody', HTMLElement).replaceChildren(...rows.slice(0, MOST_ROWS).map(toRow));
    const left = rows.length - MOST_ROWS;
    setText(find('#table-note', HTMLElement), left > 0 ? `${left} rows more: zoom in, or export.` : '');
  };
  details.addEventListener('toggle', update);
  choice.addEventListener('change', update);
  return update;
}

/** Nothing of one session is taken for another. @param {HTMLElement} details @param {HTMLElement} choice */
function clear(details, choice) {
  for (const place of [choice, find('tbody', HTMLElement, details), find('#table-note', HTMLElement)])
    place.replaceChildren();
}

/** @param {Lanes} lanes @param {Stretch} visible @param {string} key */
function rowsOf({ lanes, scored }, { from, to }, key) {
  const lane = lanes.find(({ track }) => String(track ?? 'all') === key) ?? lanes[0];
  return scored
    .filter(({ at, until }) => until > from && at < to)
    .map(({ at, coverage, dropped }) => {
      const sample = lane ? sampleAt(lane.samples, at + 1e-6) : null;
      const [first] = sample ? strongest(sample, 1) : [];
      return [
        preciseClock(at),
        first ? `${expressionName(first.expression)} ${percent(first.probability)}` : 'no face',
        ...(sample
          ? [signed(sample.valence), signed(sample.arousal), percent(sample.abstained)]
          : ['', '', '']),
        ...[percent(coverage), String(dropped)],
      ];
    });
}

/** @param {readonly string[]} cells */
function toRow([first = '', ...rest]) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = first;
  const others = rest.map((text) => Object.assign(document.createElement('td'), { textContent: text }));
  row.append(head, ...others);
  return row;
}
