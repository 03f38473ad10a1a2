/** Expressions for `Page.evaluate` and `Page.until`: what a page shows, and what is done to it; and what hands do that no expression can. */
import type { Page } from './browser.ts';

export const text = (selector: string) => `(document.querySelector('${selector}')?.textContent ?? '')`;
export const number = (selector: string) => `document.querySelectorAll('${selector}').length`;
export const click = (selector: string) => `document.querySelector('${selector}').click()`;
/** Whether somebody can see it: it is there, and has a size. */
export const isShown = (selector: string) =>
  `(document.querySelector('${selector}')?.getClientRects().length ?? 0) > 0`;
export const fill = (selector: string, value: string) => `(() => {
  const field = document.querySelector('${selector}');
  field.value = ${JSON.stringify(value)};
  for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
})()`;

/** Chooses files of this machine in a field, as a person would. */
export async function chooseFiles(page: Page, selector: string, files: readonly string[]): Promise<void> {
  const { root } = await page.command<{ root: { nodeId: number } }>('DOM.getDocument');
  const { nodeId } = await page.command<{ nodeId: number }>('DOM.querySelector', {
    ...{ nodeId: root.nodeId, selector },
  });
  await page.command('DOM.setFileInputFiles', { nodeId, files });
}

/** Presses a key that a page may hear or a browser may act on. */
export async function press(page: Page, key: string, code = key, virtualKey = 0): Promise<void> {
  const what = { key, code, windowsVirtualKeyCode: virtualKey, ...(key === 'Enter' && { text: '\r' }) };
  await page.command('Input.dispatchKeyEvent', { type: 'keyDown', ...what });
  await page.command('Input.dispatchKeyEvent', { type: 'keyUp', ...what });
}
