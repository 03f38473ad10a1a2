/** Shows what a word means beside its question mark: where the browser opens it is left to us. */

const GAP_PX = 6;

/** For every `?` of the page; opening, closing and the keyboard are the browser's. */
export function placeHelp() {
  for (const button of document.querySelectorAll('.help[popovertarget]')) {
    if (!(button instanceof HTMLButtonElement)) continue;
    // Which of the buttons of a word it was: not every browser gives the focus to a button that is clicked.
    button.addEventListener('click', () => requestAnimationFrame(() => place(button)));
  }
}

/** @param {HTMLButtonElement} button */
function place(button) {
  const text = button.popoverTargetElement;
  if (!(text instanceof HTMLElement) || !text.matches(':popover-open')) return;
  const [at, { offsetWidth, offsetHeight }] = [button.getBoundingClientRect(), text];
  const left = Math.max(GAP_PX, Math.min(at.left, innerWidth - offsetWidth - GAP_PX));
  const below = at.bottom + GAP_PX;
  const top = below + offsetHeight > innerHeight ? Math.max(GAP_PX, at.top - offsetHeight - GAP_PX) : below;
  Object.assign(text.style, { left: `${left}px`, top: `${top}px` });
}
