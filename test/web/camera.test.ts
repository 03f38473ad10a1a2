/** The camera of a browser, against the real server: asked for, seen, sent, labelled, stopped, lost, and gone on with. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../api/harness.ts';
import { type Server, seqsOf, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, fill, isShown, press, text } from './page-words.ts';
import { openWay, type Way } from './way.ts';

const execFileAsync = promisify(execFile);
const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH whose camera could be sent');

interface Stream {
  id: string;
  name: string;
  source: { kind: string };
  latestSession: { id: string; state: string; summary: { frames: number; faces: number } };
}

describe.skipIf(binary === null)('the camera of a browser', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let way: Way;
  let page: Page;
  let directory: string;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    directory = await mkdtemp(join(tmpdir(), 'mien-camera-'));
    const film = join(directory, 'face.mjpeg');
    const scaled = ['-an', '-vf', 'scale=640:360', '-r', '15', '-c:v', 'mjpeg', '-q:v', '4', film];
    await execFileAsync('ffmpeg', ['-v', 'error', '-i', CLIP, ...scaled]);
    [server, browser] = [
      await startServer({ ...env, MIEN_DEMO: 'false' }),
      await openBrowser(
        binary!,
        [],
        ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`],
      ),
    ];
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    way = await openWay(Number(new URL(server.url).port));
    page = await browser.open(`${way.url}/`);
    await allow('granted');
    await page.until(`document.readyState === 'complete' && ${isShown('#nothing')}`);
    await page.evaluate(KEEP_TRACKS);
  });
  afterEach(async () => {
    await page.command('Page.close');
    way.close();
    for (const { id } of await streams())
      await server.query('mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
        id,
      });
  });

  const allow = (setting: 'granted' | 'denied') =>
    page.command('Browser.setPermission', { permission: { name: 'camera' }, setting, origin: way.url });
  const streams = async () => {
    const found = await server.query<{ streams: { nodes: Stream[] } }>(
      '{ streams(first: 100) { nodes { id name source { kind } latestSession { id state summary { frames faces } } } } }',
    );
    return found.streams.nodes;
  };
  const state = async () => (await streams())[0]?.latestSession.state;
  const openDialog = async () => {
    await page.evaluate(click('#nothing [data-from=camera]'));
    await page.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await page.evaluate(fill('[name=purpose]', 'RESEARCH'));
    await page.evaluate(fill('[name=name]', 'Me'));
  };
  const turnOn = async () => {
    await page.evaluate(click('[name=consent]'));
    await page.evaluate(click('#camera-on'));
    await page.until(`document.querySelector('#camera-own video').videoWidth === 640`);
  };
  const submit = () => page.evaluate(click('#register [type=submit]'));
  const send = async () => {
    await openDialog();
    await turnOn();
    await submit();
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
  };
  /** Every track of a camera that the page was given, so that it can be asked whether its light is on. */
  const KEEP_TRACKS = `(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    window.tracks = [];
    window.asked = [];
    mediaDevices.getUserMedia = async (wanted) => {
      window.asked.push(wanted);
      if (window.gone && 'deviceId' in wanted.video) throw new OverconstrainedError('deviceId', 'gone');
      const camera = await ask(wanted);
      window.tracks.push(...camera.getTracks());
      return camera;
    };
  })()`;
  /** @param bytes that have not left the page, as its WebSockets tell it */
  const letWait = (bytes: number) =>
    page.evaluate(
      `Object.defineProperty(WebSocket.prototype, 'bufferedAmount', { configurable: true, get: () => ${bytes} }), 0`,
    );
  const lights = () => page.evaluate<string[]>(`window.tracks.map(({ readyState }) => readyState)`);
  /** Colours that are drawn over the picture. */
  const LABELLED = `(() => {
    const labels = document.querySelector('#camera-labels');
    if (labels.width === 0) return false;
    const { data } = labels.getContext('2d').getImageData(0, 0, labels.width, labels.height);
    return data.some((part, at) => at % 4 === 3 && part > 0);
  })()`;

  it('is turned on after consent only, and shown to oneself; nothing is sent yet', async () => {
    await openDialog();
    expect(await page.evaluate(text('#camera-consent'))).toMatch(
      /without sound.*127\.0\.0\.1:\d+.*No picture is kept.*Your picture: nobody, unless an operator allows it later.*tells you/s,
    );
    await page.evaluate(click('#camera-on'));
    expect(await page.evaluate(text('#camera-problem'))).toBe('Agree to what is sent first: the box above.');
    expect(await lights()).toEqual([]);
    expect(await violations(page)).toEqual([]);
    await turnOn();
    expect(await lights()).toEqual(['live']);
    expect(await page.evaluate(`document.querySelector('[name=camera]').options.length`)).toBe(1);
    expect(await violations(page)).toEqual([]);
    expect(page.requested.filter((url) => url.includes('/ingest/'))).toEqual([]);
    expect(await streams()).toEqual([]);
  });

  it('is sent, labelled over one’s own picture, and stopped by the button', async () => {
    await send();
    expect(await page.evaluate(`document.querySelector('#register').open`)).toBe(false);
    await page.until(LABELLED);
    expect(await page.evaluate(text('#camera-words'))).toMatch(/^Track \d+: /);
    expect(await streams()).toMatchObject([{ name: 'Me', source: { kind: 'PUSH' } }]);
    expect(await state()).toBe('RUNNING');
    expect(await lights()).toEqual(['live']);
    await page.evaluate(click('#camera-stop'));
    await page.until(`!${isShown('#camera')}`);
    expect(await lights()).toEqual(['ended']);
    await until(async () => (await state()) === 'ENDED', 'its session ends');
    const [stream] = await streams();
    expect(stream!.latestSession.summary.faces).toBeGreaterThan(0);
    expect(page.complaints).toEqual([]);
  });

  it('goes off with its page, which offers to go on when it is loaded anew: in the same session, without a gap', async () => {
    await send();
    await page.until(LABELLED);
    const [before] = await streams();
    await page.command('Page.reload');
    await until(async () => (await state()) === 'RECONNECTING', 'the server knows that nobody sends');
    await page.until(isShown('#camera-go-on'));
    expect(await page.evaluate(text('#camera-state'))).toMatch(
      /^Your camera went off with the page\. “\u2068Me\u2069” waits for it/,
    );
    expect(await page.evaluate(isShown('#camera-video'))).toBe(false);
    expect(await violations(page)).toEqual([]);
    await page.evaluate(KEEP_TRACKS);
    await page.evaluate(click('#camera-go-on'));
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    await page.until(LABELLED);
    expect(await violations(page)).toEqual([]);
    expect(await lights()).toEqual(['live']);
    const [after] = await streams();
    expect(after!.latestSession.id).toBe(before!.latestSession.id);
    await page.evaluate(click('#camera-stop'));
    await page.until(`!${isShown('#camera')}`);
    await page.command('Page.reload');
    await page.until(`document.readyState === 'complete' && ${isShown('#board')}`);
    expect(await page.evaluate(isShown('#camera'))).toBe(false);
    const seqs = await seqsOf(server, after!.latestSession.id);
    expect(seqs).toEqual(seqs.map((_, i) => i));
  });

  it('has no picture that others may look at; where an operator allows it later, the page tells so', async () => {
    await openDialog();
    await page.evaluate(`document.querySelector('#register-form details').open = true`);
    await page.evaluate(click('#register-form [name=from][value=url]'));
    await page.evaluate(click('#register-form [name=preview]'));
    expect(await page.evaluate(isShown('#register-form .preview-choice'))).toBe(true);
    await page.evaluate(click('#register-form [name=from][value=camera]'));
    expect(await page.evaluate(isShown('#register-form .preview-choice'))).toBe(false);
    await turnOn();
    await submit();
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    const [{ id }] = (await streams()) as [Stream];
    expect(await server.query('query ($id: ID!) { stream(id: $id) { preview } }', { id })).toEqual({
      stream: { preview: false },
    });
    const allowPreview = (preview: boolean) =>
      server.query(
        'mutation ($id: ID!, $preview: Boolean!) { updateStream(input: { id: $id, preview: $preview }) { stream { id } } }',
        { id, preview },
      );
    expect(await page.evaluate(isShown('#camera-notice'))).toBe(false);
    await allowPreview(true);
    await page.until(isShown('#camera-notice'));
    expect(await violations(page)).toEqual([]);
    await allowPreview(false);
    await page.until(`!${isShown('#camera-notice')}`);
  });

  it('is stopped at once also while an earlier stop is unanswered', async () => {
    await send();
    way.holdAnswersTo('DashboardStop');
    await page.evaluate(click('#camera-stop'));
    await page.until(`!${isShown('#camera')}`);
    await page.evaluate(click('#add'));
    await page.evaluate(click('#register-form [name=from][value=camera]'));
    await page.evaluate(fill('[name=purpose]', 'RESEARCH'));
    await page.evaluate(fill('#register-form [name=name]', 'Me again'));
    await turnOn();
    await submit();
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    expect(await lights()).toEqual(['ended', 'live']);
    await page.evaluate(click('#camera-stop'));
    expect(await lights()).toEqual(['ended', 'ended']);
    way.holdAnswersTo(null);
  });

  it('that goes away while one looks is asked for no more: any is, or another of those that are there', async () => {
    await openDialog();
    await turnOn();
    await page.evaluate(`(() => {
      window.tracks[0].stop();
      window.tracks[0].dispatchEvent(new Event('ended'));
    })()`);
    await page.until(
      `${text('#camera-problem')}.startsWith('The camera was unplugged') && ${isShown('#camera-choice')}`,
    );
    expect(await page.evaluate(`document.querySelector('[name=camera]').value`)).toBe('');
    expect(await violations(page)).toEqual([]);
    await page.evaluate(click('#camera-on'));
    await page.until(`document.querySelector('#camera-own video').videoWidth === 640`);
    expect(await page.evaluate(`'deviceId' in window.asked.at(-1).video`)).toBe(false);
  });

  it('that is gone on with once it is unplugged is another', async () => {
    await send();
    await page.evaluate(`(() => {
      window.gone = true;
      window.tracks[0].stop();
      window.tracks[0].dispatchEvent(new Event('ended'));
    })()`);
    await page.until(`${text('#camera-state')}.startsWith('The camera was unplugged')`);
    await page.evaluate(`document.querySelector('#camera-go-on').focus()`);
    await page.evaluate(click('#camera-go-on'));
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    expect(await page.evaluate('document.activeElement.id')).toBe('camera-stop');
  });

  it('connects again by itself where the connection is lost', async () => {
    await send();
    await page.until(LABELLED);
    way.cut();
    await page.until(`${text('#camera-state')}.startsWith('The connection to the server was lost.')`);
    expect(await lights()).toEqual(['live']);
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    await page.until(LABELLED);
    expect(await lights()).toEqual(['live']);
  });

  it('pauses where the way is too slow, says so, and goes on with less detail', async () => {
    await send();
    await page.until(LABELLED);
    await letWait(1_000_000);
    await page.until(
      `${text('#camera-state')}.startsWith('The way to the server is too slow: the camera pauses')`,
    );
    expect(await lights()).toEqual(['live']);
    await letWait(0);
    await page.until(
      `${text('#camera-state')}.includes('with less detail, because the way to the server is slow')`,
    );
    await page.until(LABELLED);
  });

  it('goes off where the stream is stopped elsewhere, in the server’s words, and goes on at a click', async () => {
    await send();
    const [stream] = await streams();
    await server.query('mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id } } }', {
      id: stream!.id,
    });
    await page.until(`${text('#camera-state')}.endsWith(' Your camera is off.')`);
    expect(await page.evaluate(text('#camera-state'))).toContain('was stopped');
    expect(await lights()).toEqual(['ended']);
    await page.evaluate(click('#camera-go-on'));
    await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
    await page.until(LABELLED);
  });

  it.each([
    ['Cancel', click('#register [value=cancel]')],
    ['another source', click('[name=from][value=url]')],
    ['consent that is taken back', click('[name=consent]')],
    ['its own button', click('#camera-off')],
  ])('is turned off by %s, and nothing was sent', async (_how, act) => {
    await openDialog();
    await turnOn();
    await page.evaluate(act);
    // A dialog tells that it was closed a moment later.
    await page.until(`window.tracks.every(({ readyState }) => readyState === 'ended')`);
    expect(await lights()).toEqual(['ended']);
    expect(await streams()).toEqual([]);
  });

  it('is taken back by Cancel while the stream is being registered, also where it was sent twice', async () => {
    await openDialog();
    await turnOn();
    way.holdAnswersTo('DashboardRegister');
    await submit();
    await until(async () => (await streams()).length === 1, 'the server has registered it');
    await page.evaluate(`document.querySelector('#register-form').requestSubmit()`);
    await page.evaluate(click('#register [value=cancel]'));
    way.holdAnswersTo(null);
    await until(async () => (await streams()).length === 0, 'it is taken back', 20_000);
    expect(await lights()).toEqual(['ended']);
    expect(await page.evaluate(isShown('#camera'))).toBe(false);
  });

  it.each([
    ['Cancel', () => page.evaluate(click('#register [value=cancel]'))],
    ['Escape', () => press(page, 'Escape', 'Escape', 27)],
  ])(
    'is taken back by %s also where the answer comes before the browser tells that the dialog is closed',
    async (_how, leave) => {
      await openDialog();
      await turnOn();
      await page.evaluate(`addEventListener('close', (event) => {
      if (!event.isTrusted) return;
      event.stopImmediatePropagation();
      setTimeout(() => event.target.dispatchEvent(new Event('close')), 1000);
    }, true)`);
      way.holdAnswersTo('DashboardRegister');
      await submit();
      await until(async () => (await streams()).length === 1, 'the server has registered it');
      await leave();
      way.holdAnswersTo(null);
      await until(async () => (await streams()).length === 0, 'it is taken back', 20_000);
      expect(await page.evaluate(isShown('#camera'))).toBe(false);
      await page.until(`window.tracks.every(({ readyState }) => readyState === 'ended')`);
    },
  );

  it('that is refused is told with what to do, and can be turned on once it is allowed', async () => {
    await openDialog();
    await allow('denied');
    await page.evaluate(click('[name=consent]'));
    await page.evaluate(click('#camera-on'));
    await page.until(`${text('#camera-problem')}.startsWith('The camera was not allowed. Allow it')`);
    expect(await violations(page)).toEqual([]);
    await submit();
    await page.until(`${text('#register-problem')} === 'Turn the camera on first.'`);
    await allow('granted');
    await page.evaluate(click('#camera-on'));
    await page.until(`document.querySelector('#camera-own video').videoWidth === 640`);
    expect(await page.evaluate(isShown('#camera-problem'))).toBe(false);
  });
});
