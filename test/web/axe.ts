/** What axe-core finds wrong with a page, for people who use it with a keyboard, a screen reader or poor sight. */
import axe from 'axe-core';
import { expect } from 'vitest';
import type { Page } from './browser.ts';

/** @param within what is looked at, all when left out @returns each violation in a line, with where it is */
export async function violations(page: Page, within = 'html'): Promise<string[]> {
  await page.evaluate(`${axe.source}; 0`);
  const found = await page.evaluate<{ id: string; help: string; nodes: { target: string[] }[] }[]>(
    `axe.run(${JSON.stringify(within)}).then(({ violations }) => violations.map(({ id, help, nodes }) =>
      ({ id, help, nodes: nodes.map(({ target }) => ({ target: target.map(String) })) })))`,
  );
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

/** In light, dark and on a phone, where nothing is cut off. @param within what is looked at, all when left out */
export async function expectAccessible(page: Page, within = 'html'): Promise<void> {
  for (const [width, value] of [
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
  ] as const) {
    await page.command('Emulation.setDeviceMetricsOverride', {
      ...{ width, height: 800, deviceScaleFactor: 1, mobile: false },
    });
    await page.command('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    const place = `document.querySelector('${within}')`;
    expect(await page.evaluate(`${place}.scrollWidth <= ${place}.clientWidth`)).toBe(true);
    expect([within, width, value, await violations(page)]).toEqual([within, width, value, []]);
  }
  await page.command('Emulation.clearDeviceMetricsOverride');
}
