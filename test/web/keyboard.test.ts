/** The dashboard by its keyboard alone, against the real server: whatever is done, the focus is seen, and neither lost nor held. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { arrow, enter, expectFocus, expectNoTrap, leave, space, tabTo, type } from './keys.ts';
import { chooseFiles, isShown, number, press, text } from './page-words.ts';

const execFileAsync = promisify(execFile);
const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const NOBODY = '00000000-0000-4000-8000-000000000000';
const RUNNING = { source: { demo: true }, loop: true, realtime: true };
const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH whose keys could be pressed');

describe.skipIf(binary === null)('by keyboard alone', { timeout: 300_000 }, () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let directory: string;
  let clips: HttpServer;
  /** Whether the server asks who somebody is. */
  let isAsking = false;
  beforeAll(async () => {
    database = await createDatabase();
    directory = await mkdtemp(join(tmpdir(), 'mien-keyboard-'));
    const media = join(directory, 'media');
    await mkdir(media);
    const cut = ['-t', '6', '-c', 'copy', '-movflags', '+faststart', join(media, 'short.mp4')];
    await execFileAsync('ffmpeg', ['-v', 'error', '-i', CLIP, ...cut]);
    clips = createServer(async ({ url }, response) => {
      if (url === '/short.mp4') response.end(await readFile(join(media, 'short.mp4')));
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    const { dataDir, databaseUrl } = database.config;
    server = await startServer({
      ...{ MIEN_DATA_DIR: dataDir, MIEN_MEDIA_DIR: media, MIEN_DEMO: 'false' },
      ...{ MIEN_ALLOW_PRIVATE_SOURCES: 'true', ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
    });
    browser = await openBrowser(binary!, [], ['--use-fake-device-for-media-stream=device-count=2']);
  }, STARTED_WITHIN);
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
    if (!isAsking) for (const { id } of await streams()) await act('removeStream', id);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    clips?.close();
    await database?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  const open = async (hash = '') => {
    const opened = await browser.open(new URL(`/${hash}`, server.url).href);
    await opened.command('Emulation.setFocusEmulationEnabled', { enabled: true });
    page = { ...opened, until: (expression, timeoutMs = 20_000) => opened.until(expression, timeoutMs) };
    await page.until(`document.readyState === 'complete' && !${isShown('#looking')}`);
  };
  const isOpen = (id: string) => `document.querySelector('#${id}').open`;
  const isTitled = (title: string) => `${text('#title')} === '${title}' && ${isShown('#board')}`;
  const streams = async () =>
    (await server.query<{ streams: { nodes: { id: string }[] } }>('{ streams(first: 100) { nodes { id } } }'))
      .streams.nodes;
  const register = async (input: object) => {
    const { registerStream } = await server.query<{
      registerStream: { stream: { id: string }; session: { id: string } | null };
    }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } session { id } } }',
      { input: { purpose: 'RESEARCH', ...input } },
    );
    return { id: registerStream.stream.id, session: registerStream.session?.id ?? '' };
  };
  const act = (mutation: 'stopStream' | 'removeStream', id: string) =>
    server.query(
      `mutation ($id: ID!) { ${mutation}(input: { id: $id }) { ${mutation === 'stopStream' ? 'stream { id }' : 'removedStreamId'} } }`,
      { id },
    );
  /** From the top of the page, or of the dialog that is open, into the field, and writes into it. */
  const write = async (selector: string, words: string, backwards = false) => {
    await tabTo(page, selector, backwards);
    await type(page, words);
  };
  const choosePurpose = async () => {
    await tabTo(page, '[name=purpose]');
    await arrow(page, 'ArrowDown');
  };

  it('an empty dashboard begins with the demo', async () => {
    await open();
    await page.until(isShown('#nothing'));
    await expectNoTrap(page);
    await tabTo(page, '#try-demo');
    await enter(page);
    await page.until(isTitled('Demo'));
    await expectFocus(page, '#watch');
    await tabTo(page, '#sessions');
  });

  it('an address is added; what is refused keeps its place, and Escape leads back', async () => {
    await open();
    await tabTo(page, '#add');
    await enter(page);
    await page.until(isOpen('register'));
    await leave(page);
    await page.until(`!${isOpen('register')}`);
    await expectFocus(page, '#add');
    await enter(page);
    await page.until(`document.querySelector('[name=purpose]').options.length === 9`);
    expect(await expectNoTrap(page)).toEqual(expect.arrayContaining(['input[name=url]', 'button.primary']));
    const address = `http://127.0.0.1:${(clips.address() as AddressInfo).port}`;
    await write('#register [name=url]', `${address}/none.mp4`);
    await write('#register [name=name]', 'Door');
    await choosePurpose();
    await tabTo(page, '#register [type=submit]');
    await enter(page);
    await page.until(`/404/.test(${text('#register-problem')})`);
    await expectFocus(page, '#register [type=submit]');
    // Who comes by Tab has all of it selected, and writes over it.
    await write('#register [name=url]', `${address}/short.mp4`, true);
    await enter(page);
    await page.until(`!${isOpen('register')} && ${isTitled('Door')}`);
    await expectFocus(page, '#add');
  });

  it('one’s camera is agreed to, turned on, chosen, sent and stopped', async () => {
    await open();
    await page.command('Browser.setPermission', {
      ...{ permission: { name: 'camera' }, setting: 'granted', origin: new URL(server.url).origin },
    });
    await tabTo(page, '#add');
    await enter(page);
    await page.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await tabTo(page, '[name=from]');
    await arrow(page, 'ArrowDown', 3);
    await tabTo(page, '[name=consent]');
    await space(page);
    await tabTo(page, '#camera-on');
    await enter(page);
    const width = `document.querySelector('#camera-own video').videoWidth`;
    await page.until(`${width} > 0 && ${isShown('[name=camera]')}`);
    await expectFocus(page, '#camera-off');
    await enter(page);
    await expectFocus(page, '#camera-on');
    await enter(page);
    await page.until(`${width} > 0 && ${isShown('[name=camera]')}`);
    await tabTo(page, '[name=camera]');
    const chosen = `document.querySelector('[name=camera]').value`;
    const first = await page.evaluate(chosen);
    await arrow(page, 'ArrowDown');
    await page.until(`${chosen} !== '${first}' && ${width} > 0 && ${isShown('#camera-off')}`);
    await expectFocus(page, '[name=camera]');
    await write('#register [name=name]', 'Me');
    await choosePurpose();
    await tabTo(page, '#register [type=submit]');
    await enter(page);
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    await expectFocus(page);
    await tabTo(page, '#camera-stop');
    await enter(page);
    await page.until(`!${isShown('#camera')}`);
    await expectFocus(page, '#watch');
  });

  it('a running stream is stopped, started, changed, looked at, looked back on, and removed after a question', async () => {
    const { id } = await register({ name: 'Demo', ...RUNNING });
    await open();
    await page.until(`${isTitled('Demo')} && ${isShown('#stop')}`);
    await tabTo(page, '#stop');
    await enter(page);
    await page.until(isShown('#start'));
    await expectFocus(page, '#start');
    await enter(page);
    await page.until(isShown('#stop'));
    await expectFocus(page, '#stop');

    await tabTo(page, '#edit');
    await enter(page);
    await page.until(isOpen('edit-dialog'));
    await expectNoTrap(page);
    await write('#edit-form [name=name]', 'Hall');
    await tabTo(page, '#edit-form summary');
    await enter(page);
    await tabTo(page, '#edit-form [name=preview]');
    await space(page);
    await enter(page);
    await page.until(`!${isOpen('edit-dialog')} && ${isTitled('Hall')}`);
    await expectFocus(page, '#edit');
    await tabTo(page, '#outputs-open');
    await enter(page);
    await page.until(isOpen('outputs'));
    await expectNoTrap(page);
    await leave(page);
    await expectFocus(page, '#outputs-open');

    await page.until(`${isShown('#show-picture')} && ${number('#faces .face')} > 0`);
    await expectNoTrap(page);
    await tabTo(page, '#show-picture');
    await enter(page);
    await page.until(`${text('#show-picture')} === 'Hide the picture'`);
    await expectFocus(page, '#show-picture');
    await enter(page);
    await page.until(`${text('#show-picture')} === 'Show the picture'`);
    await server.query(
      'mutation ($id: ID!) { updateStream(input: { id: $id, preview: false }) { stream { id } } }',
      { id },
    );
    await page.until(`!${isShown('#show-picture')}`, 30_000);
    await expectFocus(page);

    await tabTo(page, '.help[popovertarget=help-coverage]');
    await enter(page);
    await page.until(`document.querySelector('#help-coverage').matches(':popover-open')`);
    await leave(page);
    await page.until(`!document.querySelector('#help-coverage').matches(':popover-open')`);
    await expectFocus(page, '.help[popovertarget=help-coverage]');

    await tabTo(page, '#sessions');
    await page.until(`document.querySelector('#sessions').options.length === 3`);
    // To the one that runs, and to the one before.
    await arrow(page, 'ArrowDown');
    await page.until(isShown('#recorded-now'));
    await expectFocus(page, '#sessions');
    await arrow(page, 'ArrowDown');
    await page.until(isShown('#newest'));
    await expectFocus(page, '#sessions');
    await tabTo(page, '#newest');
    await enter(page);
    await page.until(`!${isShown('#newest')}`);
    await expectFocus(page);

    await tabTo(page, '#remove');
    await enter(page);
    await page.until(isOpen('confirm'));
    await expectFocus(page);
    await expectNoTrap(page);
    await leave(page);
    await page.until(`!${isOpen('confirm')}`);
    await expectFocus(page, '#remove');
    await enter(page);
    await page.until(isOpen('confirm'));
    await tabTo(page, '#confirm [value=remove]');
    await enter(page);
    await page.until(`!${isOpen('confirm')} && ${isShown('#nothing')}`);
    await expectFocus(page);
  });

  it('a stream is found among thirty, by its name, its state and its place; and on the wall', async () => {
    const names = Array.from({ length: 28 }, (_, index) => `Camera ${index + 10}`);
    await server.query(
      'mutation ($input: RegisterStreamsInput!) { registerStreams(input: $input) { results { problem { message } } } }',
      {
        input: {
          streams: names.map((name) => ({
            ...{ name, source: { file: 'short.mp4' }, purpose: 'RESEARCH', autoStart: false },
          })),
        },
      },
    );
    const [yard, gate] = [
      await register({ name: 'Yard', ...RUNNING }),
      await register({ name: 'Gate', ...RUNNING, frameRate: 9 }),
    ];
    await open();
    await page.until(`${number('#streams li')} === 30`);
    await write('#streams-name', 'camera 2');
    await page.until(`${number('#streams li')} === 10`);
    await expectFocus(page, '#streams-name');
    await tabTo(page, '#streams-order');
    await arrow(page, 'ArrowDown', 3);
    await page.until(`${text('#streams .name')} === 'Camera 29'`);
    await tabTo(page, '#streams li:nth-child(3) a');
    await enter(page);
    await page.until(isTitled('Camera 27'));
    await expectFocus(page, '#streams li:nth-child(3) a');
    // An answer that comes late, as to who has gone on from the choice of an order.
    for (const [order, first, place] of [
      ['NAME ASC', 'Camera 20', 8],
      ['NAME DESC', 'Camera 29', 3],
    ] as const) {
      const field = `document.querySelector('#streams-order')`;
      await page.evaluate(`${field}.value = '${order}', ${field}.dispatchEvent(new Event('change'))`);
      await page.until(`${text('#streams .name')} === '${first}'`);
      await expectFocus(page, `#streams li:nth-child(${place}) a`);
    }

    await tabTo(page, '#streams-name', true);
    await press(page, 'Delete', 'Delete', 46);
    await tabTo(page, '#streams-state');
    await arrow(page, 'ArrowDown');
    await page.until(`${number('#streams li')} === 2 && ${text('#streams .name')} === 'Yard'`);
    await tabTo(page, '#streams li:nth-child(2) a');
    // One that goes takes the focus from no other, and not away with itself.
    await act('stopStream', yard.id);
    await page.until(`${number('#streams li')} === 1`);
    await expectFocus(page, '#streams a');
    expect(await page.evaluate('document.activeElement.hash')).toBe(`#/stream/${gate.id}`);

    await tabTo(page, 'header nav [href$=wall]', true);
    await enter(page);
    await page.until(`${number('.tile')} === 1`);
    await expectFocus(page, 'header nav [href$=wall]');
    await tabTo(page, '.tile a');
    await enter(page);
    await page.until(isTitled('Gate'));
    await expectFocus(page);
    await tabTo(page, '#streams li:nth-child(1) a', true);
    await act('stopStream', gate.id);
    await page.until(`${number('#streams li')} === 0`);
    await expectFocus(page);
  });

  it('a recorded session is gone through, zoomed, read as a table, played, copied and exported', async () => {
    const { id, session } = await register({ name: 'Clip', source: { demo: true }, frameRate: 5 });
    const state = async () =>
      (await server.query<{ session: { state: string } }>(`{ session(id: "${session}") { state } }`)).session
        .state;
    await expect.poll(state, { timeout: 200_000, interval: 300 }).toBe('ENDED');
    await open(`#/stream/${id}/session/${session}`);
    const downloads = join(directory, 'downloads');
    await page.command('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
    await page.command('Browser.grantPermissions', {
      permissions: ['clipboardReadWrite', 'clipboardSanitizedWrite'],
    });
    await page.until(`${number('.lane')} === 3 && ${number('.lane:nth-child(2) .episode')} > 1`);
    await page.until(`document.querySelector('#recording').readyState > 1`);
    expect(await expectNoTrap(page)).toEqual(
      expect.arrayContaining(['video#recording', 'div#time-cursor.time-cursor']),
    );

    await tabTo(page, '#time-cursor');
    const cursor = `Number(document.querySelector('#time-cursor').ariaValueNow)`;
    const range = text('#chart-range');
    await press(page, 'End', 'End', 35);
    await page.until(`${cursor} > 5`);
    await arrow(page, 'ArrowLeft', 2);
    await press(page, 'Home', 'Home', 36);
    await page.until(`${cursor} === 0`);
    await arrow(page, 'ArrowRight');
    await page.until(`${cursor} > 0`);
    for (const key of ['+', '+']) await press(page, key);
    await page.until(`/^0:00\\S* to /.test(${range})`);
    await expectAccessible(page);
    await press(page, '0');
    await page.until(`/^All/.test(${range})`);
    await space(page);
    await page.until(`!document.querySelector('#recording').paused && ${cursor} > 0.5`);
    await space(page);
    await page.until(`document.querySelector('#recording').paused`);
    await expectFocus(page, '#time-cursor');

    await tabTo(page, '.lane:nth-child(2) .episode');
    await arrow(page, 'ArrowRight');
    await expectFocus(page, '.episode:nth-child(2)');
    await enter(page);
    await page.until(`Math.abs(${cursor} - Number(document.activeElement.dataset.apex)) < 0.001`);
    await expectFocus(page, '.episode');

    await tabTo(page, '#lane-table summary');
    await enter(page);
    await page.until(`${number('#lane-table tbody tr')} > 10`);
    await expectFocus(page, '#lane-table summary');
    await tabTo(page, '#table-lane');
    await arrow(page, 'ArrowDown');
    await expectFocus(page, '#table-lane');
    await tabTo(page, '.table-scroll');
    await press(page, 'End', 'End', 35);
    await page.until(`document.querySelector('.table-scroll').scrollTop > 0`);

    for (const kind of ['csv', 'parquet', 'png', 'svg']) {
      await tabTo(page, `#export-${kind}`);
      await enter(page);
      await expect
        .poll(
          async () => (await readdir(downloads).catch(() => [])).some((name) => name.endsWith(`.${kind}`)),
          {
            timeout: 20_000,
          },
        )
        .toBe(true);
      await expectFocus(page, `#export-${kind}`);
    }
    await tabTo(page, '#copy-link', true);
    await enter(page);
    await page.until(`/^Copied a link to/.test(${text('#copied')})`);
    await expectFocus(page, '#copy-link');

    // From before it: from behind it, Tab comes to the player's last button.
    await tabTo(page, '#remove', true);
    await tabTo(page, '#recording');
    const video = `document.querySelector('#recording')`;
    await space(page);
    await page.until(`!${video}.paused`);
    await space(page);
    await page.until(`${video}.paused`);
    const before = await page.evaluate<number>(`${video}.currentTime`);
    await arrow(page, 'ArrowLeft');
    await page.until(`${video}.currentTime < ${before}`);
    await expectFocus(page, '#recording');

    await tabTo(page, '#recording-file');
    await page.command('Page.setInterceptFileChooserDialog', { enabled: true });
    await page.evaluate(
      `document.querySelector('#recording-file').addEventListener('click', ({ isTrusted }) => { window.asksForFile = isTrusted; })`,
    );
    await enter(page);
    await page.until('window.asksForFile === true');
    await chooseFiles(page, '#recording-file', [CLIP]);
    await page.until(`${video}.src.startsWith('blob:')`);
    await expectFocus(page, '#recording-file');
  });

  it('a link that leads nowhere leads on', async () => {
    const { id } = await register({ name: 'Desk', source: { demo: true }, autoStart: false });
    await open(`#/stream/${id}/session/${NOBODY}`);
    await page.until(isShown('#dead-link'));
    await expectNoTrap(page);
    await tabTo(page, '#dead-link');
    await enter(page);
    await page.until(isTitled('Desk'));
    await expectFocus(page, '#watch');
  });

  it('who is asked to sign in does so with a token, after a wrong one, and signs out', async () => {
    await open();
    const { createToken } = await server.query<{ createToken: { secret: string } }>(
      'mutation { createToken(input: { name: "ada", role: OPERATOR }) { secret } }',
    );
    // Whom it asked for nothing so far is asked from now on.
    isAsking = true;
    await page.until(isOpen('signed-out'), 30_000);
    await expectFocus(page, '#signed-out .sign-in-again');
    await expectAccessible(page);
    await leave(page);
    await page.until(`!${isOpen('signed-out')}`);
    await expectFocus(page);
    await tabTo(page, 'header .sign-in-again');
    await enter(page);
    const isAt = (path: string) => `location.pathname === '${path}' && document.readyState === 'complete'`;
    await page.until(`${isAt('/sign-in')} && ${isShown('#token')}`);
    await expectFocus(page, '#token');
    await expectNoTrap(page);
    await write('#token', 'mien_wrong');
    await enter(page);
    await page.until(`/not valid here/.test(${text('#token-problem')})`);
    await expectFocus(page, '#token');
    await tabTo(page, '#show');
    await space(page);
    await write('#token', createToken.secret, true);
    await tabTo(page, '[type=submit]');
    await enter(page);
    await page.until(`${isAt('/')} && ${text('#account .who')} === 'ada' && ${isShown('#nothing')}`);
    await tabTo(page, '#sign-out');
    await enter(page);
    await page.until(`${isAt('/sign-in')} && ${isShown('#token')}`);
    await expectFocus(page, '#token');
    // A wrong token is refused, and browsers tell of that.
    page.complaints.splice(0);
  });
});
