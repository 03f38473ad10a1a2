/** An empty database in the dashboard: what it offers, and the demo that it starts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, isShown, number, text } from './page-words.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to open an empty dashboard in');

describe.skipIf(binary === null)('an empty dashboard', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    server = await startServer({ ...env, MIEN_DEMO: 'false' });
    browser = await openBrowser(binary!);
    page = await browser.open(new URL('/', server.url).href);
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
  });

  it('says that nothing is watched, and what can be, in light, dark and on a phone', async () => {
    await page.until(isShown('#nothing'));
    expect(await page.evaluate(text('#connection'))).toBe('connected');
    expect(await page.evaluate(text('#nothing'))).toMatch(/Nothing is watched yet.*demo.*file.*address/s);
    await expectAccessible(page);
  });

  it.each(['upload', 'url', 'camera'])('opens the dialog with the choice %s', async (from) => {
    await page.evaluate(click(`#nothing [data-from=${from}]`));
    await page.until(`document.querySelector('#register').open`);
    expect(await page.evaluate(`document.querySelector('[name=from]:checked').value`)).toBe(from);
    // Whoever came by keyboard is there too.
    expect(await page.evaluate('document.activeElement.value')).toBe(from);
    // What was chosen is put back once the browser tells of its end, sooner than anybody can open it again.
    await page.evaluate(`new Promise((closed) => {
      const dialog = document.querySelector('#register');
      dialog.addEventListener('close', closed, { once: true });
      dialog.close();
    }).then(() => true)`);
  });

  it('shows what people write in the direction of its script, where it is written and where it is shown', async () => {
    const written = `${['#register', '#edit-dialog', '#output'].map((dialog) => `${dialog} [name=name]`)}, [name=find],
      [name=tags], #streams-name, .rule-name, #title, #dead-text, #camera-name, #outputs-stream, .file-name, .path, a .name, .output .name`;
    const places = `[document, ...[...document.querySelectorAll('template')].map(({ content }) => content)]
      .flatMap((part) => [...part.querySelectorAll(${JSON.stringify(written)})])`;
    expect(await page.evaluate(`${places}.length`)).toBeGreaterThan(15);
    const bare = `${places}.filter((one) => one.dir !== 'auto' && one.localName !== 'bdi').map((one) => one.outerHTML)`;
    expect(await page.evaluate(bare)).toEqual([]);
  });

  it('starts the demo, once however often it is asked for', async () => {
    await page.evaluate(click('#try-demo'));
    await page.until(`${text('#title')} === 'Demo' && ${isShown('#board')} && !${isShown('#nothing')}`);
    await page.until(`${number('#faces .face')} === 2`);
    const { registerStream } = await server.query<{ registerStream: { alreadyRegistered: boolean } }>(
      `mutation { registerStream(input: { name: "Demo", source: { demo: true }, purpose: RESEARCH, loop: true, realtime: true }) { alreadyRegistered } }`,
    );
    expect(registerStream.alreadyRegistered).toBe(true);
    expect(page.complaints).toEqual([]);
  }, 300_000);
});
