/** A page that is used by its keyboard alone: by real keys, as the browser hears them, never by scripts. */
import { expect } from 'vitest';
import type { Page } from './browser.ts';
import { press } from './page-words.ts';

export const enter = (page: Page) => press(page, 'Enter', 'Enter', 13);
export const space = (page: Page) => press(page, ' ', 'Space', 32);
export const leave = (page: Page) => press(page, 'Escape', 'Escape', 27);
const ARROWS = { ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };
export async function arrow(page: Page, key: keyof typeof ARROWS, times = 1): Promise<void> {
  for (let pressed = 0; pressed < times; pressed++) await press(page, key, key, ARROWS[key]);
}

/** Types letter by letter. */
export async function type(page: Page, words: string): Promise<void> {
  for (const text of words) {
    await page.command('Input.dispatchKeyEvent', { type: 'keyDown', key: text, text });
    await page.command('Input.dispatchKeyEvent', { type: 'keyUp', key: text });
  }
}

export const isFocused = (selector: string) => `document.activeElement.matches('${selector}')`;

/** What has the focus, and what is wrong with it for who sees the page and has no mouse; empty: nothing. */
const FOCUS = `(() => {
  const at = document.activeElement;
  const name = at.localName + (at.id && '#' + at.id) + (at.name ? '[name=' + at.name + ']' : '') +
    (at.className && '.' + String(at.className).split(' ')[0]);
  if (at === document.body) return { name, problem: 'nothing has the focus' };
  // A player's parts, which are told as the player, have the browser's own ring.
  const isPartOfPlayer = at.localName === 'video' && !at.matches(':focus');
  // A field for files is seen as the label around it.
  const ringed = [at, at.closest('.file')].some((one) => {
    if (!one) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  }) || isPartOfPlayer;
  const { top, bottom, left, right, width, height } = at.getBoundingClientRect();
  const isWithin = (outer) => bottom > outer.top && right > outer.left && top < outer.bottom && left < outer.right;
  const around = [{ top: 0, left: 0, bottom: innerHeight, right: innerWidth }];
  for (let one = at.parentElement; one; one = one.parentElement)
    if (getComputedStyle(one).overflowY === 'auto') around.push(one.getBoundingClientRect());
  const isInView = width > 0 && height > 0 && around.every(isWithin);
  return { name, problem: !ringed ? 'no ring is seen' : !isInView || !at.checkVisibility() ? 'it is out of sight' : '' };
})()`;

/** Something has the focus, and that can be seen. */
export async function expectFocus(page: Page, selector?: string): Promise<void> {
  // What moves the focus in answer to a key may do so a moment later.
  await page.until(`${FOCUS}.problem === ''`, 5_000).catch(async () => {
    expect(await page.evaluate(FOCUS)).toMatchObject({ problem: '' });
  });
  if (selector) await page.until(isFocused(selector), 5_000);
}

/** What has the focus, once it is seen: a page that was written anew in that moment scrolls to it with its next frame. */
async function focused(page: Page): Promise<{ name: string; problem: string }> {
  await page.until(`${FOCUS}.problem !== 'it is out of sight'`, 5_000).catch(() => {});
  return page.evaluate(FOCUS);
}

/** Goes on with the keyboard until this has the focus, which is seen wherever it comes by. */
export async function tabTo(page: Page, selector: string, backwards = false): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < 150; pressed++) {
    if (await page.evaluate(isFocused(selector))) return;
    await tab(page, backwards);
    const { name, problem } = await focused(page);
    passed.push(name);
    // Between the last and the first of a page is the browser itself.
    if (problem !== 'nothing has the focus') expect([name, problem]).toEqual([name, '']);
  }
  throw new Error(`no Tab leads to ${selector}, but to ${passed.join(', ')}`);
}

/** Tab leads through all of the page, or of the dialog that is open, and round again, and so does Shift+Tab: nothing holds it. @returns what it came by */
export async function expectNoTrap(page: Page): Promise<string[]> {
  const passed: string[] = [];
  for (const backwards of [false, true]) {
    await page.evaluate('window.cameBy = [], 0');
    let way = 'on';
    for (let pressed = 0; pressed < 250 && way === 'on'; pressed++) {
      await tab(page, backwards);
      const { name, problem } = await focused(page);
      if (name !== 'body') expect([name, problem]).toEqual([name, '']);
      passed.push(name);
      way = await page.evaluate(WAY);
    }
    expect([passed.at(-1), way]).toEqual([passed.at(-1), 'round']);
  }
  return passed;
}

/** Whether Tab has come round to where it began, stays where it was, or goes on. A player holds several, which are all told as the player. */
const WAY = `(() => {
  const at = document.activeElement;
  const times = cameBy.filter((one) => one === at).length;
  const isHere = cameBy.at(-1) === at;
  cameBy.push(at);
  if (at.localName === 'video' && isHere) return times > 12 ? 'held' : 'on';
  return times === 0 ? 'on' : at === cameBy[0] && !isHere ? 'round' : 'held';
})()`;

async function tab(page: Page, backwards: boolean): Promise<void> {
  const what = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9, modifiers: backwards ? 8 : 0 };
  for (const type of ['keyDown', 'keyUp']) await page.command('Input.dispatchKeyEvent', { type, ...what });
}
