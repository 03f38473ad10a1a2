/** Keeps the focus on the page where what had it is hidden, for who comes by keyboard. */
import { focusElsewhere } from './dom.js';

export function keepFocus() {
  /** What has the focus, or had it when it was hidden. @type {Element | null} */
  let last = null;
  const goOn = () => {
    if (last === null || last.checkVisibility()) return;
    last = null;
    focusElsewhere();
  };
  document.addEventListener('focusin', ({ target }) => {
    last = target instanceof Element ? target : null;
  });
  // What is left while it can be seen is left by the user.
  document.addEventListener('focusout', () => {
    if (last?.checkVisibility()) last = null;
  });
  new MutationObserver(goOn).observe(document.body, { subtree: true, attributeFilter: ['hidden'] });
  // A dialog gives the focus back to what had it before, which may be hidden or gone since.
  const closed = () => {
    const { activeElement, body } = document;
    if (activeElement === body || activeElement?.checkVisibility() === false) focusElsewhere();
  };
  document.addEventListener('close', closed, true);
}
