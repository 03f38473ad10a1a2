/** The dashboard's uploads in a real browser: they go on after a break and in a page that was loaded anew, and can be stopped. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi, until } from '../api/harness.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { openWay, type Way } from './way.ts';

const SIZE = 3_000_000;
const VIDEO = Buffer.from(Uint8Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 8)) & 255));
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to upload from');

describe.skipIf(binary === null)('an upload of the dashboard', () => {
  let api: TestApi;
  let browser: Browser;
  let way: Way;
  beforeAll(async () => {
    browser = await openBrowser(binary!);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    api = await openTestApi({}, { maxUpload: SIZE });
    way = await openWay(Number(new URL(api.url).port));
  });
  afterEach(async () => {
    way.close();
    await api.close();
  });

  const files = () => readdir(api.uploadsDir);
  const begun = async () => {
    const [name] = (await files()).filter((one) => /^\.tus-[0-9a-f]{32}$/.test(one));
    return name === undefined ? 0 : (await stat(join(api.uploadsDir, name))).size;
  };
  const open = async (): Promise<Page> => {
    const page = await browser.open(`${way.url}/`);
    await page.until(`document.readyState === 'complete'`);
    return page;
  };
  /** The same file each time, as a person would choose it again. */
  const start = `(() => {
    const bytes = Uint8Array.from({ length: ${SIZE} }, (_, index) => (index * 31 + (index >> 8)) & 255);
    const file = new File([bytes], 'clip.mp4', { type: 'video/mp4', lastModified: 1 });
    window.progress = [];
    window.stopping = new AbortController();
    const onProgress = (fraction) => progress.push(fraction);
    import('/web/client.js')
      .then(({ createMien }) => createMien().upload(file, { onProgress, signal: stopping.signal }))
      .then((token) => { window.done = token; }, (problem) => { window.failed = problem.message; });
  })()`;
  const isWhole = async (page: Page) => {
    await page.until('window.done || window.failed');
    const token = await page.evaluate<string>('window.done ?? window.failed');
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(await files()).toEqual([token]);
    expect((await readFile(join(api.uploadsDir, token))).equals(VIDEO)).toBe(true);
  };

  it('goes on by itself where it was when the connection broke', async () => {
    const page = await open();
    way.allowance = 1_000_000;
    await page.evaluate(start);
    await until(async () => (await begun()) > 500_000, 'half of it is there');
    way.allowance = Number.POSITIVE_INFINITY;
    way.cut();
    await isWhole(page);
    expect(way.offsets[0]).toBe(0);
    expect(way.offsets.at(-1)).toBeGreaterThan(500_000);
    expect(await page.evaluate('progress.at(-1)')).toBe(1);
  });

  it('goes on where it was when the page was loaded anew and the same file is chosen', async () => {
    const page = await open();
    way.allowance = 1_000_000;
    await page.evaluate(start);
    await until(async () => (await begun()) > 500_000, 'half of it is there');
    way.allowance = Number.POSITIVE_INFINITY;
    await page.command('Page.reload');
    await page.until(`!window.stopping && document.readyState === 'complete'`);
    await page.evaluate(start);
    await isWhole(page);
    expect(way.offsets.at(-1)).toBeGreaterThan(500_000);
    // Nothing of it is remembered by the browser.
    expect(await page.evaluate(`Object.keys(localStorage).filter((key) => key.startsWith('tus::'))`)).toEqual(
      [],
    );
  });

  it('is gone from the server when it is stopped', async () => {
    const page = await open();
    way.allowance = 1_000_000;
    await page.evaluate(start);
    await until(async () => (await begun()) > 500_000, 'half of it is there');
    way.allowance = Number.POSITIVE_INFINITY;
    await page.evaluate('stopping.abort()');
    await until(async () => (await files()).length === 0, 'it is removed');
    await page.until('window.failed !== undefined');
  });

  it('that is refused says why in the server’s words', async () => {
    const page = await open();
    await page.evaluate(start.replace(`length: ${SIZE}`, `length: ${SIZE + 1}`));
    await page.until('window.failed !== undefined');
    expect(await page.evaluate('window.failed')).toContain('MIEN_MAX_UPLOAD');
  });
});
