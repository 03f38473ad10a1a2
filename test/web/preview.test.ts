/** The picture in a real browser, against the real server: offered where it is allowed, with the faces of its own frame, and gone when nobody looks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Browser, findBrowser, openBrowser } from './browser.ts';
import { click, isShown, text } from './page-words.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: the picture was not tried in a browser; none is on the PATH');

let database: TestDatabase;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  if (binary === null) return;
  database = await createDatabase();
  const { dataDir, databaseUrl } = database.config;
  const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  [server, browser] = [await startServer(env), await openBrowser(binary)];
}, STARTED_WITHIN);
afterAll(async () => {
  if (binary === null) return;
  await browser?.close();
  await server?.end('SIGKILL');
  await database?.dispose();
});

const allow = (id: string, preview: boolean) =>
  server.query('mutation($input: UpdateStreamInput!) { updateStream(input: $input) { stream { id } } }', {
    input: { id, preview },
  });
const metric = async (name: string) => {
  const metrics = await (await fetch(new URL('/metrics', server.url))).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)![1]);
};
/** Whether the stage shows a picture: it covers every pixel, in many shades; an empty frame with its lines and labels is clear between them. */
const IS_PICTURED = `(() => {
  const stage = document.querySelector('#stage');
  const { data } = stage.getContext('2d').getImageData(0, 0, stage.width, stage.height);
  const shades = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 255) return false;
    shades.add(data[at]);
  }
  return shades.size > 100;
})()`;

const COUNT_BITMAPS = `(() => {
  window.bitmaps = { made: 0, closed: 0 };
  const [make, close] = [window.createImageBitmap, ImageBitmap.prototype.close];
  window.createImageBitmap = async (...what) => { const made = await make(...what); bitmaps.made++; return made; };
  ImageBitmap.prototype.close = function () { bitmaps.closed++; return close.call(this); };
})()`;

/** Lets the test break the picture's connection off, as a network does, and counts how often the picture was asked for. */
const BREAKABLE = `(() => {
  const ask = window.fetch;
  window.asked = 0;
  window.fetch = async (...what) => {
    const answer = await ask(...what);
    if (!String(what[0]).startsWith('preview/')) return answer;
    window.asked++;
    let isStuck = false;
    const pass = (part, out) => isStuck || out.enqueue(part);
    const [{ readable, writable }, leave] = [new TransformStream({ transform: pass }), new AbortController()];
    window.breakOff = () => leave.abort();
    window.getStuck = () => { isStuck = true; };
    answer.body.pipeTo(writable, { signal: leave.signal }).catch(() => {});
    return new Response(readable, answer);
  };
})()`;

test.skipIf(binary === null)(
  'the picture is shown where the stream allows it, and while somebody looks',
  async () => {
    const { streams } = await server.query<{ streams: { nodes: { id: string; preview: boolean }[] } }>(
      '{ streams(first: 1) { nodes { id preview } } }',
    );
    const { id, preview } = streams.nodes[0]!;
    expect(preview).toBe(false);
    const page = await browser.open(new URL('/', server.url).href);
    await page.until(`${text('#moment-time')}.includes('moment')`, 60_000);
    expect(await page.evaluate(isShown('#show-picture'))).toBe(false);
    expect(await page.evaluate(text('#picture-words'))).toContain('these lines are all there is');
    await allow(id, true);
    await page.command('Page.reload');
    await page.until(isShown('#show-picture'), 60_000);
    expect(await metric('mien_preview_pictures_total')).toBe(0);
    expect(await page.evaluate(IS_PICTURED)).toBe(false);
    await page.evaluate(COUNT_BITMAPS);
    await page.evaluate(click('#show-picture'));
    await page.until(IS_PICTURED, 60_000);
    expect(await page.evaluate(text('#show-picture'))).toBe('Hide the picture');
    // Those that were replaced are given back at once: one is drawn, and few may wait for their moments.
    await page.until('bitmaps.made > 10', 60_000);
    expect(await page.evaluate('bitmaps.made - bitmaps.closed')).toBeLessThanOrEqual(5);
    expect(await metric('mien_preview_watchers')).toBe(1);
    const notice = await (await fetch(new URL('/notice', server.url))).text();
    expect(notice).toContain('can be looked at on this server while it is analysed');
    await page.evaluate(click('#show-picture'));
    await page.until(`!${IS_PICTURED}`);
    await expect.poll(() => metric('mien_preview_watchers'), { timeout: 20_000 }).toBe(0);
    await page.until('bitmaps.made === bitmaps.closed');
    await page.evaluate(click('#show-picture'));
    await page.until(IS_PICTURED, 60_000);
    // One that breaks off while the session goes on comes back.
    await page.evaluate(click('#show-picture'));
    await page.evaluate(BREAKABLE);
    await page.evaluate(click('#show-picture'));
    await page.until(`asked === 1 && ${IS_PICTURED}`, 60_000);
    await page.evaluate('breakOff()');
    await page.until(`!${IS_PICTURED}`);
    await page.until(`asked === 2 && ${IS_PICTURED}`, 60_000);
    // So does one of which nothing more comes, without a word; meanwhile it does not stand for now.
    await page.evaluate('getStuck(), 0');
    await page.until(`!${IS_PICTURED}`, 60_000);
    await page.until(`asked === 3 && ${IS_PICTURED}`, 60_000);
    await allow(id, false);
    await page.until(`${text('#show-picture')} === 'Show the picture'`, 30_000);
    await page.until(`!${IS_PICTURED}`);
    expect(page.complaints).toEqual([]);
  },
  STARTED_WITHIN,
);
