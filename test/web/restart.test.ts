/** Pages that are left open over a restart of the real server: they say that it is away, lose nothing, and go on by themselves. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, fill, isShown, number, text } from './page-words.ts';

const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const NOBODY = '00000000-0000-4000-8000-000000000000';
const AWAY_MS = 5_000;
const LONG_MS = 60_000;
const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH whose pages could be left open');

const connection = `document.querySelector('#connection').dataset.state`;
const value = (selector: string) => `document.querySelector('${selector}').value`;
const isOpen = (id: string) => `document.querySelector('#${id}').open`;
/** How many streams are listed, and by how many names. */
const LISTED = `(() => { const names = [...document.querySelectorAll('#streams .name')].map(({ textContent }) => textContent);
  return [names.length, new Set(names).size]; })()`;

/** Whether the corner of the stage is covered, as a picture covers it and lines and labels do not. */
const IS_COVERED = `(() => {
  const { data } = document.querySelector('#stage').getContext('2d').getImageData(0, 0, 40, 40);
  return data.length > 0 && data.every((part, at) => at % 4 !== 3 || part === 255);
})()`;

describe.skipIf(binary === null)('a page that is left open over a restart', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let server: Server;
  let browser: Browser;
  let directory: string;
  beforeAll(async () => {
    database = await createDatabase();
    directory = await mkdtemp(join(tmpdir(), 'mien-restart-'));
    const media = join(directory, 'media');
    await mkdir(media);
    await copyFile(CLIP, join(media, 'short.mp4'));
    const { dataDir, databaseUrl } = database.config;
    env = {
      ...{ MIEN_DATA_DIR: dataDir, MIEN_MEDIA_DIR: media, MIEN_DEMO: 'false' },
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    };
    [server, browser] = [await startServer(env), await openBrowser(binary!)];
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  /** Each is visible, however many are open. */
  const open = async (hash = '', hostname = '127.0.0.1') => {
    const opened = await browser.open(
      Object.assign(new URL(`/${hash}`, server.url), { hostname }).href,
      true,
    );
    const page: Page = {
      ...opened,
      until: (expression, timeoutMs = 30_000) => opened.until(expression, timeoutMs),
    };
    await page.until(`document.readyState === 'complete' && !${isShown('#looking')}`);
    await page.evaluate('window.isTheSame = true');
    return page;
  };
  /** The server ends, and what the pages say meanwhile is looked at; then it is there again, and so is what they showed. */
  const restart = async (
    signal: 'SIGTERM' | 'SIGKILL',
    pages: Record<string, Page>,
    whileAway: () => Promise<void>,
  ) => {
    const listed = await Promise.all(Object.values(pages).map((page) => page.evaluate(LISTED)));
    await server.end(signal);
    const since = Date.now();
    for (const page of Object.values(pages)) {
      await page.until(`${connection} === 'lost' && /^connection lost: /.test(${text('#connection')})`);
    }
    await whileAway();
    await sleep(Math.max(0, since + AWAY_MS - Date.now()));
    server = await startServer({ ...env, PORT: new URL(server.url).port });
    for (const [name, page] of Object.entries(pages)) {
      await page.until(
        `${connection} !== 'lost' && ${text('#problem')} === '' && ${text('#streams-problem')} === ''`,
      );
      expect([name, await page.evaluate('window.isTheSame')]).toEqual([name, true]);
    }
    expect(await Promise.all(Object.values(pages).map((page) => page.evaluate(LISTED)))).toEqual(listed);
  };
  const expectQuiet = async (pages: Record<string, Page>) => {
    for (const [name, { complaints, command }] of Object.entries(pages)) {
      const refused =
        /ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|WebSocket connection to/;
      expect([name, complaints.filter((one) => !refused.test(one))]).toEqual([name, []]);
      await command('Page.close');
    }
  };

  it('while nothing is watched, says so again, and adds what was half written', async () => {
    const pages = { empty: await open(), adding: await open(), dead: await open(`#/stream/${NOBODY}`) };
    const { empty, adding, dead } = pages;
    await adding.evaluate(click('#add'));
    await adding.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await adding.evaluate(click('[name=from][value=file]'));
    await adding.until(`${number('#server-files li')} === 1`);
    await adding.evaluate(click('[name=serverFile]'));
    await adding.evaluate(fill('#register [name=name]', 'Half'));
    await adding.evaluate(fill('#register [name=purpose]', 'RESEARCH'));
    await adding.evaluate(`document.querySelector('#register [name=name]').focus()`);
    await restart('SIGTERM', pages, async () => {
      await adding.evaluate(click('#register [type=submit]'));
      await adding.until(isShown('#register-problem'));
      expect(await adding.evaluate(text('#files .file-state'))).toMatch(
        /the server does not answer|connection/i,
      );
      await expectAccessible(empty);
    });
    for (const page of [empty, adding]) expect(await page.evaluate(isShown('#nothing'))).toBe(true);
    expect(await dead.evaluate(text('#dead-title'))).toBe('There is no stream here');
    expect(await adding.evaluate(`${isOpen('register')} && ${value('#register [name=name]')}`)).toBe('Half');
    await adding.evaluate(click('#register [type=submit]'));
    await adding.until(`!${isOpen('register')} && ${text('#title')} === 'Half'`);
    await expectQuiet(pages);
  });

  it('while streams are watched, shows nothing as if it were of now, and goes on with the picture', async () => {
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      {
        input: {
          ...{ name: 'Demo', source: { demo: true }, purpose: 'RESEARCH' },
          ...{ loop: true, realtime: true, preview: true },
        },
      },
    );
    // By two names: a browser has six connections to each.
    const live = await open(`#/stream/${registerStream.stream.id}`, 'localhost');
    const wall = await open('#/wall');
    await live.until(`${number('#faces .face')} === 2 && ${isShown('#show-picture')}`);
    await live.evaluate(click('#show-picture'));
    await live.until(IS_COVERED);
    expect(await violations(live)).toEqual([]);
    await wall.until(`${number('.tile')} >= 1 && ${number('.tile-faces li')} >= 2`);
    await restart('SIGKILL', { live, wall }, async () => {
      await live.until(`document.querySelector('#now').hasAttribute('data-stale') && !${IS_COVERED}`);
      expect(await live.evaluate(text('#stale'))).toMatch(/^Nothing newer has come since /);
      await wall.until(`${number('.tile.stale')} >= 1`);
      expect(await wall.evaluate(text('.tile.stale .seen'))).toMatch(/last seen [\d.]+ s ago$/);
      expect(await violations(live)).toEqual([]);
    });
    await live.until(
      `${connection} === 'live' && ${number('#faces .face')} === 2 && !${isShown('#stale')}`,
      LONG_MS,
    );
    await live.until(IS_COVERED, LONG_MS);
    // Both sessions are on the timeline, with each face once.
    const rows = `[...document.querySelectorAll('#rows .track')].map(({ textContent }) => textContent)`;
    await live.until(`${rows}.length === 4 && new Set(${rows}).size === 4`);
    await wall.until(`${number('.tile')} >= 1 && ${number('.tile.stale')} === 0`, LONG_MS);
    await expectQuiet({ live, wall });
  });
});
