/** Which streams are listed, and in what order: what stands in the fields above the list, as the server is asked. */
import { find } from '../page/dom.js';
import { debounce } from '../page/throttle.js';

/** Milliseconds without a key, after which a name is searched for. */
const TYPING_MS = 250;
/** Streams that are listed at first, and with each wish for more; the server lists no more than this at once. */
const STEP = 100;
const MOST = 1000;

/** @import { DashboardStreamsQueryVariables, SessionState, StreamOrder } from '../answers.js' */

/** @param {() => void} onChange */
export function createStreamQuery(onChange) {
  const [name, state, order] = [
    find('#streams-name', HTMLInputElement),
    find('#streams-state', HTMLSelectElement),
    find('#streams-order', HTMLSelectElement),
  ];
  let first = STEP;
  const changed = () => {
    first = STEP;
    onChange();
  };
  name.addEventListener('input', debounce(TYPING_MS, changed));
  for (const field of [state, order]) field.addEventListener('change', changed);
  find('#streams-more', HTMLButtonElement).addEventListener('click', () => {
    first = Math.min(first + STEP, MOST);
    onChange();
  });

  return {
    /** @returns {DashboardStreamsQueryVariables} */
    get variables() {
      const [field, direction] = order.value.split(' ');
      const words = name.value.trim();
      const states = /** @type {SessionState[]} */ (state.value.split(' '));
      return {
        filter: { ...(words && { name: words }), ...(state.value && { states }) },
        orderBy: /** @type {StreamOrder} */ ({ field, direction }),
        first,
      };
    },
    get isFiltered() {
      return name.value.trim() !== '' || state.value !== '';
    },
    /** Whether what is listed depends on the state that streams are in. */
    get isByState() {
      return state.value !== '';
    },
  };
}

/** Whether more of them can be listed. @param {number} listed @param {number} total */
export function canListMore(listed, total) {
  return listed < Math.min(total, MOST);
}

/**
 * @param {number} listed
 * @param {number} total
 * @param {boolean} isFiltered
 */
export function countSentence(listed, total, isFiltered) {
  if (total === 0) return isFiltered ? 'No stream is like that.' : '';
  const all = total.toLocaleString('en');
  if (listed === total) return isFiltered ? `${all} found` : `${all} in all`;
  const rest = listed === MOST ? '; search for the others' : '';
  return `${listed.toLocaleString('en')} of ${all}${rest}`;
}
