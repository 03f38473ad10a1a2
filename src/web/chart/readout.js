/** What lies under the pointer of a chart, told in a box beside it. */

import { find, reconcile, setText } from '../page/dom.js';
import { paintOncePerFrame } from './canvas.js';

/** Pixels between the pointer and what is told of it. */
const GAP = 14;

/** @typedef {{ title: string, lines: readonly string[] }} Told */

/**
 * @param {HTMLElement} plot holds the line and the box
 * @param {(target: EventTarget | null, share: number) => Told | null} tell of what is there, so far across the plot; null: nothing
 */
export function createReadout(plot, tell) {
  const line = find('.hover-line', HTMLElement, plot);
  const box = find('.readout', HTMLElement, plot);
  /** @type {PointerEvent | null} */
  let under = null;
  const hide = () => {
    under = null;
    [line.hidden, box.hidden] = [true, true];
  };
  const show = paintOncePerFrame(() => {
    if (under === null) return;
    const { left, top, width } = plot.getBoundingClientRect();
    const x = under.clientX - left;
    const told = under.buttons === 0 ? tell(under.target, x / width) : null;
    if (told === null) return hide();
    setText(find('.at', HTMLElement, box), told.title);
    writeLines(find('ul', HTMLElement, box), told.lines);
    [line.hidden, box.hidden] = [false, false];
    line.style.left = `${x}px`;
    const beside = x + GAP + box.offsetWidth > width ? x - GAP - box.offsetWidth : x + GAP;
    box.style.left = `${Math.max(0, beside)}px`;
    box.style.top = `${under.clientY - top + GAP}px`;
  });
  plot.addEventListener('pointerleave', hide);
  plot.addEventListener('pointermove', (event) => {
    under = event;
    show();
  });
  return {
    hide,
    /** What lies under the pointer has moved on. */
    refresh: show,
  };
}

/** The key of the lane or row that was hit. @param {EventTarget | null} target */
export function keyUnder(target) {
  const item = target instanceof Element ? target.closest('.rows > li') : null;
  return item instanceof HTMLElement ? item.dataset.key : undefined;
}

/** @param {HTMLElement} list @param {readonly string[]} lines */
function writeLines(list, lines) {
  reconcile(
    list,
    lines.map((line, index) => ({ line, index })),
    {
      key: ({ index }) => String(index),
      create: () => document.createElement('li'),
      update: (item, { line }) => setText(item, line),
    },
  );
}
