/** Pages that are left open over a restart of the real server: they say that it is away, lose nothing, and go on by themselves. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../cli/harness.ts';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, fill, isShown, number, text } from './page-words.ts';

const execFileAsync = promisify(execFile);
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
    const film = join(directory, 'face.mjpeg');
    const scaled = ['-an', '-vf', 'scale=640:360', '-r', '15', '-c:v', 'mjpeg', '-q:v', '4', film];
    await execFileAsync('ffmpeg', ['-v', 'error', '-i', CLIP, ...scaled]);
    const camera = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`];
    [server, browser] = [await startServer(env), await openBrowser(binary!, [], camera)];
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
  const register = async (input: object) => {
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      { input: { purpose: 'RESEARCH', ...input } },
    );
    return registerStream.stream.id;
  };
  const latest = async (id: string) => {
    const { stream } = await server.query<{
      stream: { latestSession: { id: string; state: string } | null };
    }>('query ($id: ID!) { stream(id: $id) { latestSession { id state } } }', { id });
    return stream.latestSession;
  };
  const expectNoComplaints = (name: string, { complaints }: Pick<Page, 'complaints'>) => {
    const refused =
      /ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|WebSocket connection to/;
    expect([name, complaints.filter((one) => !refused.test(one))]).toEqual([name, []]);
  };
  const expectQuiet = async (pages: Record<string, Page>) => {
    for (const [name, page] of Object.entries(pages)) {
      expectNoComplaints(name, page);
      await page.command('Page.close');
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

  it('at a time of a recorded session, stays there, and is led on from there', async () => {
    const id = await register({ name: 'Recorded', source: { file: 'short.mp4' } });
    const isScored = async () => (await latest(id))?.state === 'ENDED';
    await vi.waitUntil(isScored, { timeout: LONG_MS, interval: 500 });
    const recorded = await open(`#/stream/${id}/session/${(await latest(id))!.id}?t=6.4`);
    const cursor = `Number(document.querySelector('#time-cursor').ariaValueNow)`;
    const SHOWN = `${number('#lanes .lane')} === 3 && ${number('#moment-faces .face')} === 2 && ${cursor} === 6.4`;
    await recorded.until(SHOWN);
    const told = await recorded.evaluate<string>(text('#recorded-time'));
    await restart('SIGTERM', { recorded }, async () => {
      expect(await recorded.evaluate(SHOWN)).toBe(true);
      expect(await recorded.evaluate(text('#recorded-time'))).toBe(told);
    });
    expect(await recorded.evaluate('location.hash')).toMatch(/\?t=6\.4$/);
    expect(await recorded.evaluate(text('#recorded-time'))).toBe(told);
    await recorded.evaluate(`location.hash = location.hash.replace('6.4', '12.4')`);
    await recorded.until(`${cursor} === 12.4 && ${text('#recorded-time')} !== ${JSON.stringify(told)}`);
    await recorded.until(`${number('#moment-faces .face')} === 2`);
    await expectQuiet({ recorded });
  });

  it('while a stream is edited, keeps what is written, and saves it', async () => {
    const id = await register({ name: 'Door', source: { demo: true }, autoStart: false });
    const editing = await open(`#/stream/${id}`);
    await editing.until(`${text('#title')} === 'Door'`);
    await editing.evaluate(click('#edit'));
    await editing.until(isOpen('edit-dialog'));
    await editing.evaluate(fill('#edit-form [name=name]', 'Front door'));
    await editing.evaluate(fill('#edit-form [name=tags]', 'site=lab'));
    const IS_KEPT = `${isOpen('edit-dialog')} && ${value('#edit-form [name=name]')} === 'Front door' && ${value('#edit-form [name=tags]')} === 'site=lab'`;
    await restart('SIGKILL', { editing }, async () => {
      await editing.evaluate(click('#edit-form [type=submit]'));
      await editing.until(isShown('#edit-problem'));
      expect(await editing.evaluate(IS_KEPT)).toBe(true);
    });
    expect(await editing.evaluate(IS_KEPT)).toBe(true);
    await editing.evaluate(click('#edit-form [type=submit]'));
    await editing.until(`!${isOpen('edit-dialog')} && ${text('#title')} === 'Front door'`);
    await expectQuiet({ editing });
  });

  it('while an output is written down, keeps what is written, and adds it once', async () => {
    const id = await register({ name: 'Told', source: { demo: true }, autoStart: false });
    const telling = await open(`#/stream/${id}`);
    await telling.until(`${text('#title')} === 'Told'`);
    await telling.evaluate(click('#outputs-open'));
    await telling.until(`${isOpen('outputs')} && ${text('#outputs-none')} === 'No program is told yet.'`);
    await telling.evaluate(click('#outputs-add'));
    await telling.until(isOpen('output'));
    await telling.evaluate(fill('#output-form [name=name]', 'the lights'));
    await telling.evaluate(click('#output-form [name=kind][value=OSC]'));
    await telling.evaluate(fill('[name="osc.host"]', '127.0.0.1'));
    await telling.evaluate(fill('[name="osc.port"]', '9'));
    const IS_KEPT = `${isOpen('outputs')} && ${isOpen('output')} && ${value('#output-form [name=name]')} === 'the lights' && ${value('[name="osc.host"]')} === '127.0.0.1'`;
    await restart('SIGTERM', { telling }, async () => {
      await telling.evaluate(click('#output-form [type=submit]'));
      await telling.until(isShown('#output-problem'));
      expect(await telling.evaluate(IS_KEPT)).toBe(true);
    });
    expect(await telling.evaluate(IS_KEPT)).toBe(true);
    await telling.evaluate(click('#output-form [type=submit]'));
    await telling.until(`!${isOpen('output')} && ${number('.output')} === 1`);
    expect(await telling.evaluate(text('.output .name'))).toBe('the lights');
    expect(await telling.evaluate(isShown('#outputs-problem'))).toBe(false);
    await expectQuiet({ telling });
  });

  it('while it sends a camera, shows no label of before, and goes on sending by itself', async () => {
    const sending = await open();
    const origin = await sending.evaluate('location.origin');
    const permission = { permission: { name: 'camera' }, setting: 'granted', origin };
    await sending.command('Browser.setPermission', permission);
    await sending.evaluate(click('#add'));
    await sending.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await sending.evaluate(click('[name=from][value=camera]'));
    await sending.evaluate(fill('#register [name=name]', 'Me'));
    await sending.evaluate(fill('#register [name=purpose]', 'RESEARCH'));
    await sending.evaluate(click('[name=consent]'));
    await sending.evaluate(click('#camera-on'));
    await sending.until(`document.querySelector('#camera-own video').videoWidth === 640`);
    await sending.evaluate(click('#register [type=submit]'));
    const IS_LABELLED = `${text('#camera-state')} === 'Your camera is being sent.' && /^Track \\d+: /.test(${text('#camera-words')})`;
    await sending.until(IS_LABELLED, LONG_MS);
    await restart('SIGKILL', { sending }, async () => {
      await sending.until(`/^Nothing comes back: /.test(${text('#camera-words')})`);
      expect(await sending.evaluate(text('#camera-state'))).toMatch(
        /what your camera sees meanwhile is not sent|^Connecting/,
      );
      expect(await sending.evaluate(isShown('#camera-stop'))).toBe(true);
    });
    await sending.until(IS_LABELLED, LONG_MS);
    await sending.evaluate(click('#camera-stop'));
    await sending.until(`!${isShown('#camera')}`);
    await expectQuiet({ sending });
  });

  // The last: from now on the server asks who somebody is.
  it('while one is signed in, stays so', async () => {
    await server.end('SIGTERM');
    const made = await run(['token', 'create', '--name', 'ada', '--role', 'operator'], {
      PATH: process.env.PATH ?? '',
      ...env,
    });
    server = await startServer({ ...env, PORT: new URL(server.url).port });
    const opened = await browser.open(new URL('/sign-in', server.url).href, true);
    await opened.until(isShown('#token-form'));
    await opened.evaluate(fill('#token', made.stdout.trim()));
    await opened.evaluate(click('#token-form [type=submit]'));
    await opened.until(`location.pathname === '/' && ${isShown('#account')} && !${isShown('#looking')}`);
    await opened.evaluate('window.isTheSame = true');
    const IS_SIGNED_IN = `${isShown('#account')} && ${text('#account .who')} === 'ada' && !${isOpen('signed-out')}`;
    await restart('SIGTERM', { opened }, async () => {
      expect(await opened.evaluate(IS_SIGNED_IN)).toBe(true);
    });
    expect(await opened.evaluate(IS_SIGNED_IN)).toBe(true);
    expectNoComplaints('opened', opened);
    // What was under way when the session ended may be answered 401, and the browser writes that down.
    await opened.evaluate(click('#sign-out'));
    await opened.until(`location.pathname === '/sign-in'`);
    await opened.command('Page.close');
  });
});
