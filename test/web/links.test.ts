/** Links to streams and sessions: what is not there is said, nothing else is shown in its place, and nothing else is acted on. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, isShown, number, text } from './page-words.ts';
import { openWay } from './way.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to follow links in');

describe.skipIf(binary === null)('a link to', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    [world, browser] = [await openWorld({ dashboard: true }), await openBrowser(binary!)];
  });
  afterEach(() => page?.command('Page.close'));
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const register = async (name: string, file = `${name}.mp4`) => {
    const input = { name, source: { file }, purpose: 'RESEARCH', realtime: file.startsWith('endless') };
    const { data } = await ask(
      world.url,
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } session { id } } }',
      { input },
    );
    return { id: String(data.registerStream.stream.id), session: String(data.registerStream.session.id) };
  };
  const act = async (mutation: 'startStream' | 'stopStream' | 'removeStream', id: string) => {
    const payload = mutation === 'removeStream' ? 'removedStreamId' : 'session { id }';
    const { data } = await ask(
      world.url,
      `mutation ($id: ID!) { ${mutation}(input: { id: $id }) { ${payload} } }`,
      { id },
    );
    return String(data[mutation].session?.id);
  };
  const open = async (hash: string) => {
    page = await browser.open(`${world.url}/${hash}`);
    await page.until(`${number('#streams li')} > 0`);
    return page;
  };
  const expectNothingToActOn = async () => {
    for (const id of ['#board', '#start', '#stop', '#remove', '#sessions'])
      expect([id, await page.evaluate(isShown(id))]).toEqual([id, false]);
    expect(await page.evaluate(number('#streams [aria-current]'))).toBe(0);
    // Nor by what is hidden.
    await page.evaluate(click('#remove'));
    await page.evaluate(click('#stop'));
    expect(await page.evaluate(`document.querySelector('#confirm').open`)).toBe(false);
  };

  it('a stream that is not there says so, and shows no other', async () => {
    await register('Other');
    await open(`#/stream/${NOBODY}`);
    await page.until(`/there is no stream/i.test(${text('#dead-title')})`);
    expect(await page.evaluate(text('#dead-text'))).toMatch(/removed.*sign-in.*another server/s);
    expect(await page.evaluate('document.title')).toBe('Not found · mien');
    await expectNothingToActOn();
    // What is there can still be chosen.
    await page.evaluate(click('#streams a'));
    await page.until(`${text('#title')} === 'Other' && ${isShown('#board')} && !${isShown('#dead')}`);
    expect(page.complaints).toEqual([]);
  });

  it('a session that is not there says so, and names its stream', async () => {
    const { id } = await register('Door');
    await open(`#/stream/${id}/session/${NOBODY}`);
    await page.until(`/there is no such session/i.test(${text('#dead-title')})`);
    expect(await page.evaluate(text('#dead-text'))).toMatch(/“Door”.*deleted/s);
    await expectNothingToActOn();
    await page.evaluate(click('#dead-link'));
    await page.until(`${text('#title')} === 'Door' && ${isShown('#board')}`);
  });

  it('a session of another stream says of which it is, and leads there', async () => {
    const [hall, desk] = [await register('Hall'), await register('Desk')];
    await open(`#/stream/${hall.id}/session/${desk.session}`);
    await page.until(`/of another stream/i.test(${text('#dead-title')})`);
    expect(await page.evaluate(text('#dead-text'))).toMatch(/“Hall”.*“Desk”/s);
    await expectNothingToActOn();
    await page.evaluate(click('#dead-link'));
    await page.until(`location.hash === '#/stream/${desk.id}/session/${desk.session}'`);
    await page.until(`${text('#title')} === 'Desk' && ${isShown('#board')}`);
  });

  it.each(['#/stream', '#/stream/', `#/stream/${NOBODY}/x`, '#/stream/a b', '#/steams/1', '#stream'])(
    'nowhere, as %s, says so',
    async (hash) => {
      await open(hash);
      await page.until(`/leads nowhere/i.test(${text('#dead-title')})`);
      await expectNothingToActOn();
    },
  );

  it('a stream that is removed by somebody else while it is looked at says so, and shows no other', async () => {
    const { id } = await register('Gone', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(`${text('#title')} === 'Gone' && ${isShown('#board')}`);
    await act('removeStream', id);
    await page.until(`/was removed/i.test(${text('#dead-title')})`);
    expect(await page.evaluate(text('#dead-text'))).toMatch(/“Gone”/);
    await expectNothingToActOn();
  });

  it('nothing in particular opens a stream and stays with it, also when that one ends and another runs', async () => {
    const [first, second] = [
      await register('First', 'endless1.mp4'),
      await register('Second', 'endless2.mp4'),
    ];
    await open('');
    await page.until(`${text('#title')} === 'First' && location.hash === '#/stream/${first.id}'`);
    await act('stopStream', first.id);
    await page.until(`!${isShown('#stop')} && ${isShown('#start')}`);
    expect(await page.evaluate(text('#title'))).toBe('First');
    await act('removeStream', first.id);
    await act('removeStream', second.id);
  });

  it('an old session of a stream that runs tells that session’s state, and nothing there stops the stream', async () => {
    const { id, session: old } = await register('Again', 'endless.mp4');
    await act('stopStream', id);
    await act('startStream', id);
    await open(`#/stream/${id}/session/${old}`);
    await page.until(`/^ended/.test(${text('#about')})`);
    for (const button of ['#start', '#stop']) expect(await page.evaluate(isShown(button))).toBe(false);
    // While the stream’s own state is in the list, and one step away.
    await page.until(`${text('#streams [aria-current] .state')} === 'running'`);
    await page.evaluate(click('#newest'));
    await page.until(`location.hash === '#/stream/${id}' && ${isShown('#stop')}`);
    await page.until(`/^running/.test(${text('#about')})`);
    await act('removeStream', id);
  });

  it('the session that runs stops it', async () => {
    const { id, session } = await register('Now', 'endless.mp4');
    await open(`#/stream/${id}/session/${session}`);
    await page.until(`/^running/.test(${text('#about')}) && ${isShown('#stop')}`);
    await page.evaluate(click('#stop'));
    await page.until(`/^ended/.test(${text('#about')})`);
    await act('removeStream', id);
  });

  it('the question whether to remove a stream goes with it, and what was answered throws nobody off another', async () => {
    const [kept, gone, next] = [
      await register('Kept', 'endless.mp4'),
      await register('Going', 'endless.mp4'),
      await register('Next', 'endless.mp4'),
    ];
    await open(`#/stream/${kept.id}`);
    const asks = `document.querySelector('#confirm').open`;
    const show = async (id: string, name: string) => {
      await page.evaluate(`location.hash = '#/stream/${id}'`);
      await page.until(`${text('#title')} === '${name}'`);
    };
    await show(kept.id, 'Kept');
    await page.evaluate(click('#remove'));
    await page.until(asks);
    await show(gone.id, 'Going');
    expect(await page.evaluate(asks)).toBe(false);

    await page.evaluate(`(() => { const send = window.fetch; window.fetch = async (input, options) => {
      const response = await send(input, options);
      if (/DashboardRemove/.test(options?.body)) await new Promise((go) => { window.letGo = go; });
      return response; }; })()`);
    await page.evaluate(click('#remove'));
    await page.until(asks);
    await page.evaluate(click('#confirm [value=remove]'));
    await page.until(`typeof letGo === 'function'`);
    await show(next.id, 'Next');
    await page.evaluate('letGo()');
    await page.until(`document.querySelector('#remove').ariaBusy === 'false'`);
    await page.until(
      `![...document.querySelectorAll('#streams .name')].some(({ textContent }) => textContent === 'Going')`,
    );
    expect(await page.evaluate('location.hash')).toBe(`#/stream/${next.id}`);
    expect(await page.evaluate(text('#title'))).toBe('Next');
    for (const { id } of [kept, next]) await act('removeStream', id);
  });

  it('the newest session is the newest also where that began and ended while the tab was hidden', async () => {
    const { id, session } = await register('Brief', 'short.mp4');
    await open(`#/stream/${id}`);
    await page.until(`document.querySelector('#export-csv').href.includes('${session}')`);
    const hide = (hidden: boolean) => `(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
      document.dispatchEvent(new Event('visibilitychange'));
    })()`;
    await page.evaluate(hide(true));
    const newest = await act('startStream', id);
    await expect
      .poll(async () => (await ask(world.url, `{ session(id: "${newest}") { state } }`)).data.session.state)
      .toBe('ENDED');
    await page.evaluate(hide(false));
    await page.until(`document.querySelector('#export-csv').href.includes('${newest}')`);
    await act('removeStream', id);
  });

  it('the wall, a page that is not there and a recorded session tell that the server is away, and that it is back', async () => {
    const { id, session } = await register('Away', 'short.mp4');
    const way = await openWay(Number(new URL(world.url).port));
    onTestFinished(() => way.close());
    page = await browser.open(`${way.url}/#/wall`);
    const state = `document.querySelector('#connection').dataset.state`;
    for (const [hash, word] of [
      ['#/wall', 'connected'],
      [`#/stream/${NOBODY}`, 'connected'],
      [`#/stream/${id}/session/${session}`, 'recorded'],
    ]) {
      await page.evaluate(`location.hash = '${hash}'`);
      await page.until(`${state} === '${word}'`);
      way.isOpen = false;
      way.cut();
      await page.until(`${state} === 'lost' && /^connection lost: /.test(${text('#connection')})`);
      way.isOpen = true;
      await page.until(`${state} === '${word}' && ${text('#connection')} === '${word}'`);
    }
    await act('removeStream', id);
  });
});
