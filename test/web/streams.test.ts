/** Many streams in the dashboard: found, filtered, sorted, seen at a glance, with long names and on a phone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { enter, expectFocus, tabTo } from './keys.ts';
import { click, fill, isShown, number, text } from './page-words.ts';

const MANY = 500;
const LONG = 'Long '.repeat(40).trim();
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to look at many streams');

describe.skipIf(binary === null)(`among ${MANY} streams`, () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    [world, browser] = [
      await openWorld({ dashboard: true, api: { limits: { streams: 1000 } } }),
      await openBrowser(binary!),
    ];
    const inputs = Array.from({ length: MANY - 3 }, (_, index) => ({
      ...{ name: `Camera ${String(index).padStart(3, '0')}`, source: { file: `${index}.mp4` } },
      ...{ purpose: 'RESEARCH', autoStart: false },
    }));
    for (let from = 0; from < inputs.length; from += 100) await register(inputs.slice(from, from + 100));
    await register([
      { name: 'Gate', source: { file: 'endless.mp4' }, purpose: 'RESEARCH', realtime: true },
      { name: 'Aisle', source: { file: 'short.mp4' }, purpose: 'RESEARCH' },
      { name: LONG, source: { file: 'endless2.mp4' }, purpose: 'RESEARCH', realtime: true },
    ]);
  }, 240_000);
  afterEach(() => page?.command('Page.close'));
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const register = async (streams: object[]) => {
    const { data } = await ask(
      world.url,
      'mutation ($input: RegisterStreamsInput!) { registerStreams(input: $input) { results { problem { message } } } }',
      { input: { streams } },
    );
    expect(data.registerStreams.results.filter(({ problem }: { problem: unknown }) => problem)).toEqual([]);
  };
  const open = async (hash = '', width = 1280) => {
    page = await browser.open('about:blank');
    await page.command('Emulation.setDeviceMetricsOverride', {
      ...{ width, height: 800, deviceScaleFactor: 1, mobile: false },
    });
    await page.command('Page.navigate', { url: `${world.url}/${hash}` });
    await page.until(`${number('#streams li')} > 0`);
    return page;
  };
  const names = `[...document.querySelectorAll('#streams .name')].map(({ textContent }) => textContent)`;
  const namesAre = (wanted: string[]) =>
    page.until(`${names}.join('|') === ${JSON.stringify(wanted.join('|'))}`);

  it('a name is searched for among all of them, also those that are not listed yet', async () => {
    await open();
    await page.until(`${text('#streams-count')} === '100 of 500'`);
    await page.evaluate(fill('#streams-name', 'gATE'));
    await namesAre(['Gate']);
    expect(await page.evaluate(text('#streams-count'))).toBe('1 found');
    await page.evaluate(fill('#streams-name', 'nobody'));
    await page.until(`${text('#streams-count')} === 'No stream is like that.'`);
    await page.evaluate(fill('#streams-name', ''));
    await page.until(`${number('#streams li')} === 100`);
    await page.evaluate(click('#streams-more'));
    await page.until(`${number('#streams li')} === 200 && ${text('#streams-count')} === '200 of 500'`);
    expect(page.complaints).toEqual([]);
  });

  it('they are filtered by state and sorted by name, and one that stops leaves those that run', async () => {
    await register([{ name: 'Yard', source: { file: 'endless3.mp4' }, purpose: 'RESEARCH', realtime: true }]);
    await open();
    await page.evaluate(fill('#streams-order', 'NAME DESC'));
    await page.evaluate(fill('#streams-state', 'STARTING RUNNING RECONNECTING'));
    await namesAre(['Yard', LONG, 'Gate']);
    const { data } = await ask(world.url, '{ streams(filter: { name: "Yard" }) { nodes { id } } }');
    const { id } = data.streams.nodes[0];
    await ask(world.url, `mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);
    await namesAre([LONG, 'Gate']);
    await ask(world.url, `mutation { removeStream(input: { id: "${id}" }) { removedStreamId } }`);
    await page.evaluate(fill('#streams-state', 'ENDED'));
    await namesAre(['Aisle']);
    expect(page.complaints).toEqual([]);
  });

  it('the wall shows those that run, with what was last seen, coverage and drops, and leads to them', async () => {
    await open('#/wall');
    await page.until(`${number('#wall-tiles .tile')} === 2 && ${number('.tile-faces li')} === 4`);
    expect(await page.evaluate(text('#wall-count'))).toBe('2 streams running.');
    await page.until(`${text('.tile .coverage')} !== '' && ${text('.tile .dropped')} === '2'`);
    expect(await page.evaluate(text('.tile .seen'))).toBe('now');
    expect(await page.evaluate(isShown('#board'))).toBe(false);
    expect(await violations(page)).toEqual([]);
    await page.evaluate(click('.tile a'));
    await page.until(`${text('#title')} === 'Gate' && ${isShown('#board')} && !${isShown('#wall')}`);
    expect(page.complaints).toEqual([]);
  });

  it('a name of 200 characters takes two lines of the list, and no page gets wider than its screen', async () => {
    await open('#/wall', 390);
    await page.until(`${number('#wall-tiles .tile')} === 2`);
    const fits = 'document.documentElement.scrollWidth <= innerWidth';
    expect(await page.evaluate(fits)).toBe(true);
    await page.evaluate(fill('#streams-name', 'long long'));
    await namesAre([LONG]);
    const lines = `(() => {
      const name = document.querySelector('#streams .name');
      return Math.round(name.clientHeight / parseFloat(getComputedStyle(name).lineHeight));
    })()`;
    expect(await page.evaluate(lines)).toBe(2);
    await page.evaluate(click('#streams a'));
    await page.until(`${text('#title')} === ${JSON.stringify(LONG)}`);
    expect(await page.evaluate(fits)).toBe(true);
  });

  it('on a phone the page goes on to the stream that was chosen', async () => {
    await open('', 390);
    await page.until(isShown('#board'));
    await page.evaluate('scrollTo(0, 0)');
    // Which one is third nobody says: several are registered at a time.
    const third = await page.evaluate<string>(text('#streams li:nth-child(3) .name'));
    await page.evaluate(click('#streams li:nth-child(3) a'));
    await page.until(`${text('#title')} === ${JSON.stringify(third)}`);
    const top = `document.querySelector('#watch').getBoundingClientRect().top`;
    await page.until(`Math.abs(${top}) < 2`);
    expect(await violations(page)).toEqual([]);
  });

  it('the wall of thirty is without a violation of axe, in light, dark and on a phone', async () => {
    const silent = Array.from({ length: 28 }, (_, index) => ({
      ...{ name: `Silent ${index}`, source: { file: `silent${index}.mp4` } },
      ...{ purpose: 'RESEARCH', realtime: true },
    }));
    await register(silent);
    await open('#/wall');
    await page.until(`${number('#wall-tiles .tile')} === 30`);
    await expectAccessible(page);
  });

  it('by keyboard all are listed, and the focus goes on where the button for more goes', async () => {
    await open();
    await page.evaluate(fill('#streams-name', 'Camera'));
    // Before it is searched for, 100 of 500 are listed.
    await page.until(`${text('#streams-count')} === '100 of 497'`);
    await tabTo(page, '.skip');
    await enter(page);
    await expectFocus(page, '#watch');
    await tabTo(page, '#streams-more', true);
    for (let listed = 200; listed < 500; listed += 100) {
      await expectFocus(page, '#streams-more');
      await enter(page);
      await page.until(`${number('#streams li')} === ${listed}`);
    }
    await enter(page);
    await page.until(`!${isShown('#streams-more')}`);
    await expectFocus(page, '#watch');
  });
});
