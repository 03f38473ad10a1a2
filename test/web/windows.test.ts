/** Many windows of the dashboard in one browser, which opens six connections to a plain-http server for all of them together. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { openProxy } from '../helpers/proxy.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, isShown, number, text } from './page-words.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH whose windows could be counted');

const WATCHES = `document.querySelector('#connection').dataset.state === 'live' && ${number('#faces .face')} >= 1`;
/** Whether the corner of the stage is covered, as a picture covers it and lines and labels do not. */
const IS_COVERED = `(() => {
  const { data } = document.querySelector('#stage').getContext('2d').getImageData(0, 0, 40, 40);
  return data.length > 0 && data.every((part, at) => at % 4 !== 3 || part === 255);
})()`;
/** As when another tab of the same window is chosen. */
const hide = (hidden: boolean) => `(() => {
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
  document.dispatchEvent(new Event('visibilitychange'));
})()`;

describe.skipIf(binary === null)('many windows of the dashboard in one browser', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let address: string;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    [server, browser] = [await startServer(env), await openBrowser(binary!)];
    const { streams } = await server.query<{ streams: { nodes: { id: string }[] } }>(
      '{ streams(first: 1) { nodes { id } } }',
    );
    const { id } = streams.nodes[0]!;
    await server.query(
      'mutation ($id: ID!) { updateStream(input: { id: $id, preview: true }) { stream { id } } }',
      {
        id,
      },
    );
    address = new URL(`/#/stream/${id}`, server.url).href;
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
  });

  /** Without the requests that come and go. */
  const kept = ({ held }: Page) =>
    held().map((url) => new URL(url).pathname.replace(/(?<=^\/preview\/).+/, '…'));
  const open = async () => {
    const page = await browser.open(address, true);
    await page.until(WATCHES, 60_000);
    expect(await page.evaluate('document.visibilityState')).toBe('visible');
    return page;
  };

  it('leave room for one more: each holds one connection, and one for a picture', async () => {
    const pictured = [await open(), await open()];
    for (const page of pictured) {
      await page.until(isShown('#show-picture'));
      await page.evaluate(click('#show-picture'));
      await page.until(IS_COVERED);
    }
    const plain = [await open(), await open(), await open()];
    for (const page of [...pictured, ...plain]) await page.until(WATCHES);
    for (const page of pictured) {
      expect(await page.evaluate(IS_COVERED)).toBe(true);
      await expect.poll(() => kept(page).sort(), { timeout: 30_000 }).toEqual(['/graphql', '/preview/…']);
    }
    for (const page of plain) await expect.poll(() => kept(page), { timeout: 30_000 }).toEqual(['/graphql']);
    for (const page of [...pictured, ...plain]) {
      expect(page.requested.filter((url) => url.startsWith('ws'))).toHaveLength(1);
      expect(page.complaints).toEqual([]);
    }
    const [first] = plain as [Page];
    await first.evaluate(hide(true));
    await expect.poll(() => kept(first), { timeout: 30_000 }).toEqual([]);
    const seen = await first.evaluate<string>(text('#moment-time'));
    await first.evaluate(hide(false));
    await first.until(`${WATCHES} && ${text('#moment-time')} !== ${JSON.stringify(seen)}`);
    await expect.poll(() => kept(first), { timeout: 30_000 }).toEqual(['/graphql']);
    for (const page of [...pictured, ...plain]) await page.command('Page.close');
  });

  it('where nothing passes a WebSocket on, says so and goes on by event streams', async () => {
    const proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    proxy.webSockets = 'refused';
    try {
      const page = await browser.open(Object.assign(new URL(address), { port: proxy.port }).href, true);
      await page.until(`${WATCHES} && ${isShown('#event-streams')}`, 60_000);
      expect(await page.evaluate(text('#event-streams'))).toMatch(/^No WebSocket gets through .*proxy/s);
      const seen = await page.evaluate<string>(text('#moment-time'));
      await page.until(`${WATCHES} && ${text('#moment-time')} !== ${JSON.stringify(seen)}`);
      expect(page.complaints.filter((one) => !one.startsWith('WebSocket connection to '))).toEqual([]);
      await page.command('Page.close');
    } finally {
      await proxy.close();
    }
  });
});
