/** A recorded session in a real browser, against the real server: its chart, its cursor, its picture, and what leaves it. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { counting, MPEG4, mediaDir } from '../ingest/media.ts';
import { violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';

const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
/** Of the clip, which is 20 s long; each of its frames is scored, so that a moment is a frame. */
const FRAME_RATE = 25;
const binary = findBrowser();
if (binary === null)
  console.warn('SKIPPED: recorded sessions were not looked at in a browser; none is on the PATH');

const text = (selector: string) => `(document.querySelector('${selector}')?.textContent ?? '')`;
const number = (selector: string) => `document.querySelectorAll('${selector}').length`;
const click = (selector: string) => `document.querySelector('${selector}').click()`;
/** The time of the cursor, and the one of the moment that stands there, as they are told below the stage; NaN: none does. */
const screen = (name: 'time' | 'moment') => `(() => {
  const { time, moment } = /^(?<time>\\S+?)(?:, moment \\S+ at (?<moment>\\S+))?$/.exec(${text('#recorded-time')})?.groups ?? {};
  return (${name} ?? 'NaN').split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
})()`;

describe.skipIf(binary === null)('a recorded session on the dashboard', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let link: string;
  let sessionId: string;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    [server, browser] = [await startServer({ ...env, MIEN_DEMO: 'false' }), await openBrowser(binary!)];
    ({ link, sessionId } = await record('Clip', await readFile(CLIP)));
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
  });
  beforeEach(async () => {
    const opened = await browser.open('about:blank');
    // Sooner than the test’s own limit, which says less.
    page = { ...opened, until: (expression, timeoutMs = 60_000) => opened.until(expression, timeoutMs) };
    await resize(1200, 1000);
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  });

  /** Uploads a clip, and waits until all of it is scored. */
  async function record(name: string, body: Buffer<ArrayBuffer>) {
    const headers = { 'content-type': 'application/octet-stream' };
    const uploaded = await fetch(new URL('/uploads', server.url), { method: 'POST', body, headers });
    const { token } = (await uploaded.json()) as { token: string };
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      { input: { name, source: { upload: token }, purpose: 'RESEARCH', frameRate: FRAME_RATE } },
    );
    const { id } = registerStream.stream;
    const latest = await vi.waitUntil(
      async () => {
        const { stream } = await server.query<{
          stream: { latestSession: { id: string; state: string } | null };
        }>('query ($id: ID!) { stream(id: $id) { latestSession { id state } } }', { id });
        return stream.latestSession?.state === 'ENDED' && stream.latestSession;
      },
      { timeout: 400_000, interval: 500 },
    );
    return { sessionId: latest.id, link: `/#/stream/${id}/session/${latest.id}` };
  }

  const resize = (width: number, height: number) =>
    page.command('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  /** Opens the session, and waits until its chart and its stage are there. */
  const open = async (query = '') => {
    await page.command('Page.navigate', { url: new URL(link + query, server.url).href });
    await page.until(`${number('#lanes .lane')} === 3`);
    await page.until(`${number('#moment-faces .face')} === 2`);
  };
  /** Where something is on the screen: its middle, or a share of its width. */
  const place = async (selector: string, share = 0.5) => {
    await page.evaluate(`document.querySelector('${selector}').scrollIntoView({ block: 'center' })`);
    return page.evaluate<{ x: number; y: number }>(`(({ left, top, width, height }) =>
      ({ x: left + width * ${share}, y: top + height / 2 }))(document.querySelector('${selector}').getBoundingClientRect())`);
  };
  const mouse = (type: string, at: { x: number; y: number }, more: object = {}) =>
    page.command('Input.dispatchMouseEvent', { type, ...at, ...more });
  const key = async (name: string, more: object = {}) => {
    await page.command('Input.dispatchKeyEvent', { type: 'keyDown', key: name, ...more });
    await page.command('Input.dispatchKeyEvent', { type: 'keyUp', key: name, ...more });
  };
  const cursor = `Number(document.querySelector('#time-cursor').ariaValueNow)`;
  const drawn = () =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  /** One turn after the other: the page tells what it shows with its next picture. */
  const wheelUntil = async (condition: string, deltaY: number, at: { x: number; y: number }) => {
    for (let turns = 0; turns < 60 && !(await page.evaluate<boolean>(condition)); turns++) {
      await mouse('mouseWheel', at, { deltaX: 0, deltaY });
      await drawn();
    }
    await page.until(condition);
  };

  interface Stored {
    mediaTime: number;
    faces: {
      track: number;
      valence: number;
      pose: { yaw: number };
      actionUnits: { name: string; intensity: number }[];
    }[];
  }
  const storedFrom = async (from: number, to: number): Promise<Stored[]> => {
    const { session } = await server.query<{ session: { timeline: { nodes: Stored[] } } }>(
      `query ($id: ID!, $from: Float!, $to: Float!) { session(id: $id) { timeline(first: 1000, range: { media: { from: $from, to: $to } }) {
        nodes { mediaTime faces { track valence pose { yaw } actionUnits { name intensity } } } } } }`,
      { id: sessionId, from, to },
    );
    return session.timeline.nodes;
  };

  it('opens at the time of a link, and shows the stored moment: action units, pose, valence and arousal', async () => {
    await open('?t=4.44');
    await page.until(`${screen('moment')} === 4.44`);
    const [stored] = await storedFrom(4.44, 4.46);
    const shown = await page.evaluate<{ valence: string; yaw: string; units: string[] }>(`(() => {
      const card = document.querySelector('#moment-faces .face');
      const units = [...card.querySelectorAll('.units li')].map((unit) => unit.querySelector('.name').textContent + ' ' + unit.querySelector('.value').textContent);
      return { valence: card.querySelector('.valence').textContent, yaw: card.querySelector('.yaw').textContent, units };
    })()`);
    const [face] = stored!.faces;
    expect(Number(shown.valence.replace('−', '-'))).toBeCloseTo(face!.valence, 1);
    expect(Number(shown.yaw.replace('−', '-').replace('°', ''))).toBe(Math.round(face!.pose.yaw) || 0);
    expect(shown.units.map((unit) => unit.split(' ')[0])).toEqual(face!.actionUnits.map(({ name }) => name));
    // Another time of the same address is followed, and the page is not loaded anew.
    await page.evaluate(`location.hash = location.hash.replace(/t=.*/, 't=8')`);
    await page.until(`${screen('moment')} === 8 && ${cursor} === 8`);
  });

  it('hover tells the time and the numbers of a lane; a click sets the cursor, arrows move it, and the address follows', async () => {
    await open();
    const at = await place('#lanes .lane:nth-child(2) canvas', 0.25);
    await mouse('mouseMoved', at);
    await page.until(`!document.querySelector('#readout').hidden`);
    expect(await page.evaluate(text('#readout .at'))).toMatch(/^Track 1, 0:0[45](\.\d+)?$/);
    expect(await page.evaluate(text('#readout ul'))).toMatch(/(\d+|>99) %.*Valence [+−]?\d\.\d\d, arousal/);
    await mouse('mousePressed', at, { button: 'left', buttons: 1, clickCount: 1 });
    await mouse('mouseReleased', at, { button: 'left', clickCount: 1 });
    await page.until(`Math.abs(${cursor} - 5) < 0.1 && document.activeElement.id === 'time-cursor'`);
    const before = await page.evaluate<number>(cursor);
    await key('ArrowRight');
    await page.until(`${cursor} > ${before}`);
    const after = await page.evaluate<number>(cursor);
    await page.until(`${screen('moment')} === ${after}`);
    await key('.');
    await page.until(`Math.abs(${cursor} - ${after} - ${1 / FRAME_RATE}) < 0.002`);
    await key(',');
    await key('ArrowLeft');
    await page.until(`${cursor} <= ${after} - 0.03`);
    expect(await page.evaluate(`document.querySelector('#time-cursor').ariaValueText`)).toMatch(
      /^0:0[45].*All faces: .*Track 1: .*Valence/,
    );
    await page.until(`location.hash.endsWith('?t=' + ${cursor})`);
    await key('End');
    await page.until(`${cursor} === 20`);
    await key('Home');
    await page.until(`${cursor} === 0`);
  });

  it('wheel, dragging, pinch and keys zoom and pan, and finer numbers are asked for, down to single moments', async () => {
    await page.command('Page.addScriptToEvaluateOnNewDocument', {
      source: `window.asked = []; const send = window.fetch;
        window.fetch = (input, options) => { const { query, variables } = JSON.parse(options?.body ?? '{}');
          if (/DashboardLanes|DashboardSingleMoments/.test(query)) asked.push({ ...variables, single: query.includes('SingleMoments') });
          return send(input, options); };`,
    });
    await open();
    const range = `${text('#chart-range')}`;
    await page.until(`${range} === 'All 0:20, in single moments.'`);
    const at = await place('#lanes .lane canvas', 0.5);
    await wheelUntil(`/^0:\\d\\d\\.?\\d* to 0:\\d\\d\\.?\\d* of 0:20/.test(${range})`, -200, at);
    await wheelUntil(`/^0:09\\.\\d to 0:10\\.\\d of/.test(${range})`, -200, at);
    const asked =
      await page.evaluate<{ single: boolean; range: { media: { from: number; to: number } } }[]>('asked');
    expect(asked[0]).toMatchObject({ single: true, range: { media: { from: 0, to: 20 } } });

    // Dragging to the right shows what was before.
    const shown = await page.evaluate<string>(range);
    await mouse('mousePressed', at, { button: 'left', buttons: 1, clickCount: 1 });
    for (const by of [40, 120, 200])
      await mouse('mouseMoved', { x: at.x + by, y: at.y }, { button: 'left', buttons: 1 });
    await mouse('mouseReleased', { x: at.x + 200, y: at.y }, { button: 'left', clickCount: 1 });
    await page.until(`${range} !== ${JSON.stringify(shown)}`);
    // It panned, and set no cursor.
    expect(await page.evaluate(cursor)).toBe(0);
    // Just behind a drag d3 takes a click for its end.
    await page.until(`(${click('#zoom-all')}, /^All/.test(${range}))`);

    const fingers = (apart: number) => [at.x - apart, at.x + apart].map((x, id) => ({ x, y: at.y, id }));
    await page.command('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 });
    const pinch = async () => {
      await page.command('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(40) });
      for (const apart of [80, 160, 240])
        await page.command('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
      await page.command('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await drawn();
      return page.evaluate<boolean>(`/^0:0\\d\\.?\\d* to 0:1\\d\\.?\\d* of/.test(${range})`);
    };
    // Chromium takes a touch away that a busy page has not answered soon: then it is made again.
    await until(pinch, 'a pinch zooms', 60_000);

    await page.evaluate(`document.querySelector('#time-cursor').focus()`);
    await key('0');
    await page.until(`/^All/.test(${range})`);
    await key('+');
    await key('+');
    await page.until(`/^0:00 to 0:0[78]\\.?\\d* of/.test(${range})`);
    await key('ArrowRight', { modifiers: 8 });
    await page.until(`/^0:00\\.\\d to /.test(${range})`);
  });

  it('episodes are bars that can be chosen, by keys too, and the cursor goes to the apex', async () => {
    await open();
    await page.until(`${number('.episode')} >= 4`);
    const [first, second] = await page.evaluate<number[]>(
      `[...document.querySelectorAll('.lane .episode')].slice(0, 2).map((bar) => Number(bar.dataset.apex))`,
    );
    expect(await page.evaluate(`document.querySelector('.episode').ariaLabel`)).toMatch(
      /^[A-Z][a-z]+ from 0:\d\d.* to 0:\d\d.*, strongest at 0:\d\d.* with \S+ %$/,
    );
    await page.evaluate(click('.episode'));
    await page.until(`Math.abs(${cursor} - ${first}) < 0.001`);
    await page.evaluate(`document.querySelector('.episode').focus()`);
    await key('ArrowRight');
    await key('Enter', { code: 'Enter', text: '\r', windowsVirtualKeyCode: 13 });
    await page.until(`Math.abs(${cursor} - ${second}) < 0.001`);
    // Of each lane one bar is reached by Tab.
    expect(await page.evaluate(number('.lane:nth-child(2) .episode[tabindex="0"]'))).toBe(1);
  });

  it('is told as a table, and leaves as CSV, Parquet, SVG and PNG, whole or what is visible', async () => {
    await open();
    await page.evaluate(click('#lane-table summary'));
    await page.until(`${number('#lane-table tbody tr')} > 100`);
    await page.evaluate(
      `(() => { const choice = document.querySelector('#table-lane'); choice.value = '2'; choice.dispatchEvent(new Event('change')); })()`,
    );
    const row = `[...document.querySelectorAll('#lane-table tbody tr')][110].textContent`;
    expect(await page.evaluate(row)).toMatch(
      /^0:04\.4[A-Z][a-z]+ \S+ %[+−]?\d\.\d\d[+−]?\d\.\d\d\S+ %100 %0$/,
    );

    const address = (id: string) => page.evaluate<string>(`document.querySelector('#export-${id}').href`);
    const rows = parse(await (await fetch(await address('csv'))).text(), { columns: true }) as Record<
      string,
      string
    >[];
    const file = await (await fetch(await address('parquet'))).arrayBuffer();
    expect(rows.length).toBe((await parquetReadObjects({ file })).length);
    expect(rows.length).toBeGreaterThan(900);
    await page.evaluate(`${click('#zoom-in')}, ${click('#zoom-in')}, ${click('#export-visible')}`);
    await page.until(`document.querySelector('#export-csv').href.includes('?from=')`);
    const part = parse(await (await fetch(await address('csv'))).text(), { columns: true }) as Record<
      string,
      string
    >[];
    expect(part.length).toBeLessThan(rows.length / 2);

    await page.evaluate(`(() => { window.saved = {}; const make = URL.createObjectURL;
      HTMLAnchorElement.prototype.click = function () { saved[this.download] = true; };
      URL.createObjectURL = (blob) => { blob.arrayBuffer().then((bytes) => { saved[blob.type] = [...new Uint8Array(bytes)]; }); return make(blob); }; })()`);
    await page.evaluate(`${click('#export-svg')}, ${click('#export-png')}`);
    await page.until(`saved['image/svg+xml'] && saved['image/png']`);
    const svg = await page.evaluate<string>(
      `new TextDecoder().decode(new Uint8Array(saved['image/svg+xml']))`,
    );
    const wellFormed = `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror') === null`;
    expect(await (await browser.open('about:blank')).evaluate(wellFormed)).toBe(true);
    for (const word of ['Clip', 'All faces', 'Track 2', 'Scored frames', 'Happiness', '#stripes'])
      expect(svg).toContain(word);
    expect(svg).not.toMatch(/NaN|undefined/);
    // Within the bands, not by colours alone.
    expect(svg).toMatch(/text-anchor="middle">(Ne|Ha|Su|Sa|An|Di|Fe|Co)<\/text>/);
    const png = Buffer.from(await page.evaluate<number[]>(`saved['image/png'].slice(0, 24)`));
    expect([png.toString('latin1', 1, 4), png.readUInt32BE(16)]).toEqual(['PNG', 2400]);
    expect(await page.evaluate('Object.keys(saved)')).toContain(`mien-${sessionId}-0.06.094-0.13.906.svg`);
  });

  it('leaves its address as it is while the file that the server has is loaded', async () => {
    // What is to be written into the address is written at once, and the frames that are shown are counted.
    await page.command('Page.addScriptToEvaluateOnNewDocument', {
      source: `const later = window.setTimeout; window.setTimeout = (work, ms, ...rest) => later(work, ms === 300 ? 0 : ms, ...rest);
        window.frames = 0; const hear = HTMLVideoElement.prototype.requestVideoFrameCallback;
        HTMLVideoElement.prototype.requestVideoFrameCallback = function (tell) {
          return hear.call(this, (...told) => { tell(...told); later(() => frames++, 20); }); };`,
    });
    await open();
    await page.until('frames > 0');
    expect(await page.evaluate('location.hash')).toBe(link.slice(1));
    await page.evaluate(`document.querySelector('#recording').currentTime = 3.001`);
    await page.until(`${cursor} === 3 && location.hash === '${link.slice(1)}?t=3'`);
  });

  it('stays at the time of a link whose moments are here before the file that the server has', async () => {
    await page.command('Page.addScriptToEvaluateOnNewDocument', {
      source: `window.frames = 0; const video = HTMLVideoElement.prototype; const hear = video.requestVideoFrameCallback;
        video.requestVideoFrameCallback = function (tell) {
          return hear.call(this, (...told) => { tell(...told); setTimeout(() => frames++, 20); }); };
        const { set } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
        const files = new Promise((come) => { window.come = come; });
        Object.defineProperty(HTMLMediaElement.prototype, 'src', { set(src) { files.then(() => set.call(this, src)); } });`,
    });
    // Between two frames of the file: whoever follows these is at another time.
    await open('?t=4.41');
    await page.until(`${screen('moment')} === 4.4`);
    await page.evaluate('come()');
    await page.until('frames > 0');
    expect(await page.evaluate(cursor)).toBe(4.41);
    expect(await page.evaluate('location.hash')).toBe(`${link.slice(1)}?t=4.41`);
  });

  it('plays the file that the server has, by ranges, with the boxes of each frame, and seeks both ways', async () => {
    await open('?t=2');
    expect(await page.evaluate(`document.querySelector('#recording').src`)).toBe(
      new URL(`/media/sessions/${sessionId}`, server.url).href,
    );
    await inStep();
  });

  it('plays a file of one’s own disk, which is sent nowhere', async () => {
    await open('?t=2');
    await page.until(`document.querySelector('#recording').readyState > 1`);
    const asked = page.requested.length;
    const { root } = await page.command<{ root: { nodeId: number } }>('DOM.getDocument');
    const { nodeId } = await page.command<{ nodeId: number }>('DOM.querySelector', {
      ...{ nodeId: root.nodeId, selector: '#recording-file' },
    });
    await page.command('DOM.setFileInputFiles', { nodeId, files: [CLIP] });
    await page.until(`document.querySelector('#recording').src.startsWith('blob:')`);
    expect(await page.evaluate(text('#recording-note'))).toContain('demo.mp4 from your disk');
    await inStep();
    const sent = page.requested
      .slice(asked)
      .filter((url) => url.startsWith('http') && !url.endsWith('/graphql'));
    expect(sent).toEqual([]);
  });

  /** The moment that is drawn is the one of the frame that is shown, while it plays, and wherever it is sought. */
  async function inStep(): Promise<void> {
    const video = `document.querySelector('#recording')`;
    await page.until(`${video}.readyState > 1 && Math.abs(${video}.currentTime - 2) < 0.01`);
    await page.evaluate(`(() => { window.drawn = [];
      const note = (now, { mediaTime }) => {
        // Behind the page's own drawing, in the same picture of the browser.
        requestAnimationFrame(() => drawn.push({ shown: mediaTime, at: ${screen('time')}, moment: ${screen('moment')} }));
        ${video}.requestVideoFrameCallback(note);
      };
      ${video}.requestVideoFrameCallback(note); })()`);
    await page.evaluate(`${video}.muted = true, ${video}.play()`);
    await page.until('drawn.length >= 20');
    await page.evaluate(`${video}.pause()`);
    const drawn = await page.evaluate<{ shown: number; at: number; moment: number }[]>('drawn');
    const frame = 1 / FRAME_RATE;
    for (const { shown, at } of drawn) expect(Math.abs(at - shown)).toBeLessThan(frame);
    const known = drawn.filter(({ moment }) => moment !== null);
    for (const { shown, moment } of known) expect(Math.abs(shown - moment)).toBeLessThan(frame);
    expect(known.length).toBeGreaterThan(10);
    for (const time of [15.2, 3.6]) {
      // By the player's own controls, and by the cursor.
      await page.evaluate(`${video}.currentTime = ${time} + 0.001`);
      await page.until(
        `Math.abs(${screen('moment')} - ${time}) < 0.001 && Math.abs(${cursor} - ${time}) < 0.001`,
      );
      await page.evaluate(`location.hash = location.hash.replace(/t=.*/, 't=' + ${time + 1})`);
      await page.until(
        `Math.abs(${video}.currentTime - ${time + 1}) < 0.01 && Math.abs(${screen('moment')} - ${time + 1}) < 0.001`,
      );
    }
  }

  it('has no violation of axe, light, dark, on a phone, with its table open, and nothing is cut off there', async () => {
    for (const [scheme, width] of [
      ['light', 1200],
      ['dark', 1200],
      ['light', 390],
    ] as const) {
      await page.command('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      await resize(width, 900);
      await open('?t=4.44');
      await page.evaluate(
        `document.querySelectorAll('#board details').forEach((one) => { one.open = true; })`,
      );
      await page.until(`${number('#lane-table tbody tr')} > 100`);
      expect([scheme, width, await violations(page)]).toEqual([scheme, width, []]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  }, 400_000);

  it('without a face, or whose file is gone, says so, and has no violation of axe either', async () => {
    const media = await mediaDir();
    await media.make(`${counting({ rate: 5 })} ${MPEG4} numbers.mp4`);
    const { link: other } = await record(
      'Numbers',
      (await readFile(media.at('numbers.mp4'))) as Buffer<ArrayBuffer>,
    );
    await media.remove();
    const { dataDir } = database.config;
    await page.command('Page.navigate', { url: new URL(other, server.url).href });
    await page.until(`/^No face was found in \\d+ frames\\.$/.test(${text('#coverage-warning')})`);
    await page.until(`${text('#no-moment-faces')} === 'No face in this moment.'`);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(`${text('#lanes')}`)).toContain('All faces');
    // What is no video is said to be none, and what can be done.
    await page.evaluate(`(() => { const files = new DataTransfer(); files.items.add(new File(['no video'], 'a.mp4'));
      const input = document.querySelector('#recording-file'); input.files = files.files; input.dispatchEvent(new Event('change')); })()`);
    await page.until(`/^This browser cannot play that file/.test(${text('#recording-note')})`);
    for (const name of await readdir(join(dataDir, 'uploads'))) await rm(join(dataDir, 'uploads', name));
    await page.command('Page.reload');
    await page.until(`/^mien has no file of this recording/.test(${text('#recording-note')})`);
    page.complaints.splice(0);
  });

  it('is reached and used by keys alone', async () => {
    await open();
    await page.evaluate(`document.querySelector('#zoom-in').focus()`);
    const visited: string[] = [];
    for (let presses = 0; presses < 16; presses++) {
      await key('Tab', { code: 'Tab', windowsVirtualKeyCode: 9 });
      visited.push(
        await page.evaluate<string>(
          `document.activeElement.id || document.activeElement.className || document.activeElement.localName`,
        ),
      );
    }
    expect(visited).toEqual(
      expect.arrayContaining([
        'later',
        'copy-link',
        'time-cursor',
        'episode',
        'summary',
        'export-csv',
        'export-png',
      ]),
    );
  });
});
