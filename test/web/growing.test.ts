/** Recorded sessions while they grow, and one after the other: what is read again, what stays as it was set, and what is left behind. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { makeMoment } from '../helpers/moments.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, isShown, number, text } from './page-words.ts';

const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to see sessions grow in');

/** Lets long pauses be short, notes what is asked, and holds or fails the requests whose document has a name. */
const WITNESS = `
  window.asked = [];
  window.held = [];
  window.holding = window.failing = null;
  const PAUSES = { 10_000: 300, 300: 0 };
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...rest) => later(work, PAUSES[ms] ?? ms, ...rest);
  const send = window.fetch;
  window.fetch = async (input, options) => {
    const { query = '', variables } = JSON.parse(options?.body ?? '{}');
    const [, name = ''] = /(?:query|mutation) (\\w+)/.exec(query) ?? [];
    asked.push({ name, variables });
    if (failing?.test(name)) throw new TypeError('the network is away');
    if (holding?.test(name))
      await new Promise((go, fail) => {
        held.push(go);
        options.signal?.addEventListener('abort', () => fail(options.signal.reason));
      });
    return send(input, options);
  };
`;
const LANES = '/^Dashboard(Lanes|SingleMoments)$/';
const RELEASE = 'holding = null, held.splice(0).forEach((go) => go())';

describe.skipIf(binary === null)('the view of recorded sessions', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  let growing: { id: string; link: string };
  let short: { id: string; link: string };
  beforeAll(async () => {
    [world, browser] = [await openWorld({ dashboard: true }), await openBrowser(binary!)];
    [growing, short] = [await record('endless.mp4'), await record('short.mp4')];
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  async function record(file: string) {
    const input = { name: file, source: { file }, purpose: 'RESEARCH', realtime: file.startsWith('endless') };
    const { data } = await ask(
      world.url,
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } session { id } } }',
      { input },
    );
    const { stream, session } = data.registerStream;
    return { id: String(session.id), link: `#/stream/${stream.id}/session/${session.id}` };
  }
  const open = async (link: string) => {
    page = await browser.open('about:blank');
    await page.command('Page.addScriptToEvaluateOnNewDocument', { source: WITNESS });
    await page.command('Page.navigate', { url: `${world.url}/${link}` });
    await page.until(`${number('#lanes .lane')} === 3 && ${number('#moment-faces .face')} === 2`);
  };
  const end = `Number(document.querySelector('#time-cursor').ariaValueMax)`;
  const grows = async (seconds: number) =>
    page.until(`${end} > ${(await page.evaluate<number>(end)) + seconds}`);
  const range = text('#chart-range');

  it('a session grows on when the chart is zoomed while it is read again, and what is visible stays', async () => {
    await open(growing.link);
    await page.evaluate(`holding = ${LANES}`);
    await page.until('held.length > 0');
    await page.evaluate(click('#zoom-in'));
    await page.until(`/^0:\\d\\d\\S* to /.test(${range})`);
    await page.evaluate(RELEASE);
    await grows(10);
    expect(await page.evaluate(isShown('#problem'))).toBe(false);
    expect(await page.evaluate(range)).toMatch(/^0:\d\d\S* to /);
  });

  it('where all of it is visible, all of it stays visible', async () => {
    await open(growing.link);
    for (let times = 0; times < 5; times++) {
      await grows(2);
      expect(await page.evaluate(range)).toMatch(/^All /);
    }
  });

  it('what the chart shows is of the stretch that is visible, when it was zoomed out before finer numbers came', async () => {
    await open(growing.link);
    // Too long by then for single moments.
    await page.until(`${end} > 70`);
    await page.until(`/^All .* in steps of/.test(${range})`);
    await page.evaluate(`holding = ${LANES}`);
    for (let times = 0; times < 6; times++) await page.evaluate(click('#zoom-in'));
    await page.until('held.length > 0');
    await page.evaluate(click('#zoom-all'));
    await page.evaluate(`(() => { window.told = []; const place = document.querySelector('#chart-range');
      new MutationObserver(() => told.push(place.textContent)).observe(place, { childList: true }); })()`);
    await page.evaluate(RELEASE);
    await grows(5);
    expect(await page.evaluate<string[]>('told')).not.toContainEqual(expect.stringMatching(/single moments/));
  });

  it('what it has grown by is asked for once, and not of the session as it was before', async () => {
    await open(growing.link);
    await page.evaluate(`holding = ${LANES}`);
    await page.until('held.length > 0');
    // Behind the pause after which what is visible is read.
    await page.evaluate('new Promise((go) => setTimeout(go, 200))');
    expect(await page.evaluate('held.length')).toBe(1);
    await page.evaluate(RELEASE);
    await grows(2);
  });

  it('that finer numbers could not be read is taken back where they are not wanted any more', async () => {
    await open(growing.link);
    await page.until(`${end} > 70`);
    await page.until(`/^All .* in steps of/.test(${range})`);
    await page.evaluate('failing = /^DashboardSingleMoments$/');
    for (let times = 0; times < 6; times++) await page.evaluate(click('#zoom-in'));
    await page.until(isShown('#problem'));
    await page.evaluate(click('#zoom-all'));
    await page.until(`!${isShown('#problem')}`);
  });

  it('a problem is taken back once the session can be read again', async () => {
    await open(growing.link);
    await page.evaluate('failing = /^DashboardRecording$/');
    await page.until(isShown('#problem'));
    await page.evaluate('failing = null');
    await page.until(`!${isShown('#problem')}`);
    await grows(5);
  });

  it('faces whose details were opened stay as they are while the session grows behind them', async () => {
    await open(growing.link);
    await grows(10);
    await page.evaluate(`document.querySelector('#moment-faces details').open = true`);
    await grows(10);
    expect(await page.evaluate(`document.querySelector('#moment-faces details').open`)).toBe(true);
  });

  it('to open one leaves its address as it is, until the cursor is moved', async () => {
    await open(short.link);
    expect(await page.evaluate('location.hash')).toBe(short.link);
    await page.evaluate(`document.querySelector('#time-cursor').focus()`);
    await page.command('Input.dispatchKeyEvent', { type: 'keyDown', key: 'ArrowRight' });
    await page.until(`location.hash === '${short.link}?t=0.1'`);
  });

  it('another one is shown from its beginning and whole, and nothing of the one before stays or is asked for', async () => {
    await open(growing.link);
    await grows(20);
    await page.evaluate(`document.querySelector('#lane-table').open = true`);
    await page.until(`${number('#lane-table tbody tr')} > 10`);
    await page.evaluate(`document.querySelector('#time-cursor').focus()`);
    await page.command('Input.dispatchKeyEvent', { type: 'keyDown', key: 'End' });
    await page.evaluate(click('#zoom-in'));
    await page.until(`/^0:\\d\\d\\S* to /.test(${range})`);
    await page.evaluate(`asked.length = 0, holding = ${LANES}, location.hash = '${short.link}'`);
    await page.until('held.length > 0');
    expect(await page.evaluate(range)).toBe('Reading…');
    for (const list of ['#lanes .lane', '#lane-table tbody tr', '#table-lane option'])
      expect([list, await page.evaluate(number(list))]).toEqual([list, 0]);
    await page.evaluate(RELEASE);
    await page.until(`/^All 0:02, /.test(${range}) && ${number('#lane-table tbody tr')} === 20`);
    await page.until(`${number('#moment-faces .face')} === 2`);
    const parts = await page.evaluate<number[]>(
      `asked.filter(({ name, variables }) => name === 'DashboardStage' && variables.id === '${short.id}').map(({ variables }) => variables.range.media.from)`,
    );
    expect(parts.toSorted((one, other) => one - other)).toEqual([0, 5]);
  });

  it('warns where less than nine tenths of its time was scored, and tells what is missing', async () => {
    const { sessions, moments } = world.store;
    const { streamId, modelId } = (await sessions.get(short.id))!;
    const { id } = await sessions.create({ streamId, modelId });
    const dropped = { busy: 9 };
    for (let seq = 0; seq < 10; seq++)
      await moments.append(
        { ...makeMoment(id, seq, { faces: 2, frameRate: 1 }), previousDuration: 0.1, dropped },
        [],
      );
    await sessions.setState(id, 'ENDED');
    await open(short.link.replace(short.id, id));
    await page.until(
      `/^Only \\d+ % of its time was scored \\(90 frames dropped\\): trust sums and means less\\./.test(${text('#coverage-warning')})`,
    );
    expect(await page.evaluate(isShown('#coverage-warning'))).toBe(true);
    await page.evaluate(`location.hash = '${short.link}'`);
    await page.until(`!${isShown('#coverage-warning')} && /^All 0:02, /.test(${range})`);
  });
});
