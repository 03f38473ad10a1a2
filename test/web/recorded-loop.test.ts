/** Two recorded sessions of a looped clip in a real browser: what comes late, and what is asked for meanwhile. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { counting, mediaDir } from '../ingest/media.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';

const PASS_SECONDS = 2;
const binary = findBrowser();
if (binary === null)
  console.warn('SKIPPED: looped sessions were not looked at in a browser; none is on the PATH');

const cursor = `Number(document.querySelector('#time-cursor').ariaValueNow)`;
const video = `document.querySelector('#recording')`;
/** Answers to requests that contain the text `held` wait for `release()`; what waits for 300 ms waits no more, and is counted. */
const HOLDS = `window.held = ''; window.written = 0; window.frames = 0;
  const released = new Promise((release) => { window.release = release; });
  const send = window.fetch;
  window.fetch = async (input, options) => {
    if (held && String(options?.body).includes(held)) await released;
    return send(input, options); };
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...rest) => later(ms === 300 ? () => { work(); written++; } : work, ms === 300 ? 0 : ms, ...rest);
  const hear = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (tell) {
    return hear.call(this, (...told) => { tell(...told); later(() => frames++, 20); }); };`;

describe.skipIf(binary === null)('recorded sessions of a looped clip on the dashboard', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let links: string[];
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    [server, browser] = [await startServer({ ...env, MIEN_DEMO: 'false' }), await openBrowser(binary!)];
    links = await recordTwice();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
  });
  beforeEach(async () => {
    page = await browser.open('about:blank');
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  });

  /** @returns the addresses of two sessions of one stream, each of more than two passes */
  async function recordTwice(): Promise<string[]> {
    const media = await mediaDir();
    await media.make(
      `${counting({ rate: 10, seconds: PASS_SECONDS })} -c:v libx264 -pix_fmt yuv420p loop.mp4`,
    );
    const body = (await readFile(media.at('loop.mp4'))) as Buffer<ArrayBuffer>;
    await media.remove();
    const headers = { 'content-type': 'application/octet-stream' };
    const uploaded = await fetch(new URL('/uploads', server.url), { method: 'POST', body, headers });
    const { token } = (await uploaded.json()) as { token: string };
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      { input: { name: 'Loop', source: { upload: token }, purpose: 'RESEARCH', frameRate: 5, loop: true } },
    );
    const { id } = registerStream.stream;
    const first = await recordOnce(id);
    await server.query('mutation ($id: ID!) { startStream(input: { id: $id }) { session { id } } }', { id });
    return [first, await recordOnce(id)].map((session) => `/#/stream/${id}/session/${session}`);
  }

  async function recordOnce(id: string): Promise<string> {
    interface Seen {
      stream: { latestSession: { id: string; state: string; summary: { end: number } } | null };
    }
    const latest = () =>
      server.query<Seen>(
        'query ($id: ID!) { stream(id: $id) { latestSession { id state summary { end } } } }',
        {
          id,
        },
      );
    const options = { timeout: 200_000, interval: 200 };
    await vi.waitUntil(async () => {
      const { latestSession } = (await latest()).stream;
      return latestSession?.state === 'RUNNING' && latestSession.summary.end > 2.6 * PASS_SECONDS;
    }, options);
    await server.query('mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id } } }', { id });
    return vi.waitUntil(async () => {
      const { latestSession } = (await latest()).stream;
      return latestSession?.state === 'ENDED' && latestSession.id;
    }, options);
  }

  const open = async (link: string) => {
    await page.command('Page.addScriptToEvaluateOnNewDocument', { source: HOLDS });
    await page.command('Page.navigate', { url: new URL(link, server.url).href });
  };

  it('stays at the time of a link in a later pass whose file is here before its moments', async () => {
    await page.command('Page.addScriptToEvaluateOnNewDocument', {
      source: `addEventListener('DOMContentLoaded', () => { held = 'DashboardStage'; });`,
    });
    await open(`${links[0]}?t=5`);
    // The file has no such time, so its end is shown.
    await page.until('frames > 0');
    expect(await page.evaluate(cursor)).toBe(5);
    await page.evaluate('release()');
    await page.until(`Math.abs(${video}.currentTime - 1) < 0.1 && !${video}.seeking`);
    expect(await page.evaluate(cursor)).toBe(5);
    expect(await page.evaluate('location.hash')).toBe(`${links[0]!.slice(1)}?t=5`);
  });

  it('is not sought by what comes late once it plays', async () => {
    await page.command('Page.addScriptToEvaluateOnNewDocument', {
      source: `addEventListener('DOMContentLoaded', () => { held = 'DashboardStage'; });`,
    });
    await open(links[0]!);
    await page.until(`${video}.readyState > 2 && !${video}.seeking`);
    await page.evaluate(`new Promise((done) => { window.sought = 0;
      ${video}.addEventListener('seeking', () => { sought++; });
      ${video}.addEventListener('timeupdate', () => ${video}.currentTime > 0.3 && done());
      ${video}.muted = true; ${video}.playbackRate = 0.25; ${video}.play(); })`);
    await page.evaluate('release()');
    await page.until(`document.querySelector('#recorded-time').textContent.includes('moment')`);
    expect(await page.evaluate('sought')).toBe(0);
  });

  it('goes to the session that is chosen while the time of another one is being written into the address', async () => {
    const [one, other] = links.map((link) => link.slice(1)) as [string, string];
    await open(`${links[0]}?t=1`);
    await page.until(`document.querySelectorAll('#lanes .lane').length > 0 && ${cursor} === 1`);
    const moved = `document.querySelector('#time-cursor').dispatchEvent(new KeyboardEvent('keydown', { key: 'Home' }))`;
    await page.evaluate(`written = 0, ${moved}`);
    await page.until(`written === 1 && location.hash === '${one}?t=0'`);
    await page.evaluate(`held = 'DashboardOpened', written = 0, ${moved}, location.hash = '${other}?t=3'`);
    await page.until('written > 0');
    expect(await page.evaluate('location.hash')).toBe(`${other}?t=3`);
    await page.evaluate('release()');
    await page.until(`${cursor} === 3`);
    expect(await page.evaluate('location.hash')).toBe(`${other}?t=3`);
  });
});
