/** What the keys do while the cursor of time has the focus. */

/** How much of what is visible is passed by a page. */
const PAGE = 0.1;
const CLOSER = 1.6;

/**
 * @typedef {object} Keyed
 * @property {(direction: 1 | -1) => void} step to the next or the last stretch or moment that is drawn
 * @property {(direction: 1 | -1) => void} stepMoment to the next or the last stored moment, however far it is zoomed out
 * @property {(time: number) => void} moveTo
 * @property {() => void} play starts or stops the recording, if it is open
 */

/**
 * @param {HTMLElement} cursor
 * @param {import('./zooming.js').Zooming} zooming
 * @param {() => number} time of the cursor
 * @param {Keyed} keyed
 */
export function listenToKeys(cursor, zooming, time, { step, stepMoment, moveTo, play }) {
  const page = (/** @type {1 | -1} */ direction) => {
    const { from, to } = zooming.visible;
    moveTo(time() + direction * (to - from) * PAGE);
  };
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowRight: () => step(1),
    ArrowUp: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: () => step(-1),
    'Shift+ArrowRight': () => zooming.pan(PAGE),
    'Shift+ArrowLeft': () => zooming.pan(-PAGE),
    '.': () => stepMoment(1),
    ',': () => stepMoment(-1),
    PageUp: () => page(1),
    PageDown: () => page(-1),
    Home: () => moveTo(zooming.whole.from),
    End: () => moveTo(zooming.whole.to),
    '+': () => zooming.zoomBy(CLOSER, time()),
    '=': () => zooming.zoomBy(CLOSER, time()),
    '-': () => zooming.zoomBy(1 / CLOSER, time()),
    0: () => zooming.show(zooming.whole),
    ' ': play,
  };
  cursor.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[(event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' : '') + event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
