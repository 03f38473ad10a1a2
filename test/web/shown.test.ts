/** What the dashboard says of what it shows: no faces, old faces, how sessions ended, and what its words mean. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, face, until } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { isShown, number, text } from './page-words.ts';

const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to read what the dashboard says');

describe.skipIf(binary === null)('the dashboard', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  /** Faces in each frame, until it is said otherwise. */
  let tracks: number[] = [];
  beforeAll(async () => {
    world = await openWorld({
      dashboard: true,
      openAnalyser: () => ({
        analyse: async () => ({
          faces: tracks.map((track) => {
            const { expression: _, confidence: __, rawProbabilities: ___, ...raw } = face(track);
            return raw;
          }),
          cut: false,
        }),
        smallestFace: () => 1.25,
        close: async () => {},
      }),
    });
    browser = await openBrowser(binary!);
  });
  afterEach(() => page?.command('Page.close'));
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const register = async (name: string, file: string, more: object = {}) => {
    const realtime = file.startsWith('endless') || file.startsWith('silent');
    const input = { name, source: { file }, purpose: 'RESEARCH', realtime, ...more };
    const { data } = await ask(
      world.url,
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } session { id } } }',
      { input },
    );
    return { id: String(data.registerStream.stream.id), session: String(data.registerStream.session.id) };
  };
  const remove = (id: string) =>
    ask(world.url, `mutation { removeStream(input: { id: "${id}" }) { removedStreamId } }`);
  const open = async (hash: string, dark = false) => {
    page = await browser.open('about:blank');
    const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' };
    await page.command('Emulation.setEmulatedMedia', { features: [scheme] });
    await page.command('Page.navigate', { url: `${world.url}/${hash}` });
    return page;
  };

  it.each([false, true])('says where a recording has no face, in words (dark: %s)', async (dark) => {
    tracks = [];
    const { id, session } = await register(`Trees ${dark}`, `trees-${dark}.mp4`);
    await open(`#/stream/${id}/session/${session}`, dark);
    await page.until(
      `/^No face was found in 20 frames\\./.test(${text('#faceless')}) && ${isShown('#faceless')}`,
    );
    expect(await page.evaluate(text('#summary-lead'))).toMatch(
      /20 frames scored in .* of video, with no face in them\.$/,
    );
    expect(await page.evaluate(isShown('#shares'))).toBe(false);
    expect(await violations(page)).toEqual([]);
    await remove(id);
  });

  it('says where a running stream shows no face, and takes it back when one comes', async () => {
    tracks = [];
    const { id } = await register('Street', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(
      `${isShown('#stage-empty')} && /^No face has been found so far/.test(${text('#faceless')})`,
    );
    tracks = [1];
    await page.until(
      `${number('#faces .face')} === 1 && !${isShown('#stage-empty')} && !${isShown('#faceless')}`,
    );
    await remove(id);
  });

  it('dims faces when nothing newer comes, and says how old they are', async () => {
    tracks = [1, 2];
    const { id } = await register('Hall', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(`${number('#faces .face')} === 2`);
    // From −1 at the left to +1 at the right.
    const { valence, arousal } = face(1);
    const marks = `[...document.querySelector('#faces .face').querySelectorAll('.scale .mark')].map(({ style }) => parseFloat(style.left))`;
    expect(await page.evaluate(marks)).toEqual(
      [valence, arousal].map((value) => expect.closeTo((value + 1) * 50, 3)),
    );
    expect(await page.evaluate(isShown('#stale'))).toBe(false);
    await ask(world.url, `mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);
    await page.until(`${isShown('#stale')} && document.querySelector('#now').hasAttribute('data-stale')`);
    expect(await page.evaluate(text('#stale'))).toMatch(
      /^Nothing newer has come since .*\. What is shown is \d+.* old\.$/,
    );
    const age = await page.evaluate<string>(text('#stale .age'));
    await page.until(`${text('#stale .age')} !== ${JSON.stringify(age)}`);
    expect(await violations(page)).toEqual([]);
    await ask(world.url, `mutation { startStream(input: { id: "${id}" }) { session { id } } }`);
    await page.until(`!${isShown('#stale')} && ${number('#faces .face')} === 2`);
    await remove(id);
  });

  it('tells of a session that ended with the server that it was interrupted, not that it failed', async () => {
    tracks = [1];
    const { id, session } = await register('Cut', 'short.mp4');
    await page.command('Page.close').catch(() => {});
    await expect
      .poll(async () => (await ask(world.url, `{ session(id: "${session}") { state } }`)).data.session.state)
      .toBe('ENDED');
    const failure = 'The server was stopped.';
    await world.store.prisma.session.update({
      where: { id: session },
      data: { state: 'INTERRUPTED', failure },
    });
    await open(`#/stream/${id}/session/${session}`);
    await page.until(`/It was interrupted: the server was stopped\\.$/.test(${text('#summary-lead')})`);
    expect(await page.evaluate('document.body.innerText')).not.toMatch(/failed/i);
    expect(await page.evaluate(text('#about'))).toMatch(/^interrupted \(the server was stopped\) · /);
    await remove(id);
  });

  it('explains its words behind question marks, which the keyboard opens and closes', async () => {
    tracks = [1];
    const { id } = await register('Words', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(`${number('#faces .face')} === 1 && /scored in/.test(${text('#summary-lead')})`);
    const key = async (name: string, code: number, extra: object = {}) => {
      for (const type of ['keyDown', 'keyUp'])
        await page.command('Input.dispatchKeyEvent', {
          ...{ type, key: name, code: name, windowsVirtualKeyCode: code, ...extra },
        });
    };
    for (const word of ['agreement', 'quality', 'abstained', 'coverage', 'valence']) {
      const text = `#help-${word}`;
      await page.evaluate(`document.querySelector('[popovertarget=help-${word}]').focus()`);
      await key('Enter', 13, { text: '\r' });
      await page.until(`document.querySelector('${text}').matches(':popover-open')`);
      const inside = `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
        const { left, right, top, bottom } = document.querySelector('${text}').getBoundingClientRect();
        resolve(left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight);
      })))`;
      expect([word, await page.evaluate(inside)]).toEqual([word, true]);
      if (word === 'valence') await expectAccessible(page);
      else expect(await violations(page)).toEqual([]);
      await key('Escape', 27);
      await page.until(`!document.querySelector('${text}').matches(':popover-open')`);
    }
    // By a click, which gives no button the focus in some browsers: beside the one that was clicked, of two for a word.
    const beside = await page.evaluate<[number, number]>(`(async () => {
      document.activeElement.blur();
      const button = document.querySelector('.help[popovertarget=help-quality]');
      button.click();
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const [at, text] = [button, document.querySelector('#help-quality')].map((one) => one.getBoundingClientRect());
      return [Math.abs(text.left - at.left), Math.min(Math.abs(text.top - at.bottom), Math.abs(text.bottom - at.top))];
    })()`);
    expect(beside[1]).toBeLessThan(10);
    expect(beside[0]).toBeLessThan(400);
    expect(page.complaints).toEqual([]);
    await remove(id);
  });

  it('a file that is dropped by who may not add streams takes nobody off the page', async () => {
    tracks = [1];
    const { id } = await register('Watched', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(`${number('#faces .face')} === 1`);
    const drop = (selector: string) => `(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'a.mp4', { type: 'video/mp4' }));
      const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector('${selector}').dispatchEvent(event);
      return event.defaultPrevented;
    })()`;
    await page.evaluate(`document.body.dataset.role = 'VIEWER'`);
    expect(await page.evaluate(drop('#board'))).toBe(true);
    expect(await page.evaluate(`document.querySelector('#register').open`)).toBe(false);
    // A field for a file of one’s own takes it.
    expect(await page.evaluate(drop('#recording-file'))).toBe(false);
    await remove(id);
  });

  it('hover tells the face, the time and the numbers under the pointer of a running timeline', async () => {
    tracks = [1];
    const { id } = await register('Hovered', 'endless.mp4');
    await open(`#/stream/${id}`);
    await page.until(`${number('#rows li')} === 1`);
    // The page grows while it is read: the pointer goes where the row is by now.
    const hover = async () => {
      const at = await page.evaluate<{ x: number; y: number }>(`(() => {
        const row = document.querySelector('#rows canvas');
        row.scrollIntoView({ block: 'center' });
        const { right, top, height } = row.getBoundingClientRect();
        return { x: right - 4, y: top + height / 2 };
      })()`);
      await page.command('Input.dispatchMouseEvent', { type: 'mouseMoved', ...at });
      return page.evaluate<boolean>(isShown('#live-chart .readout'));
    };
    await until(hover, 'what lies under the pointer is told', 60_000);
    expect(await page.evaluate(text('#live-chart .at'))).toMatch(/^Track 1, 0:\d\d(\.\d+)?$/);
    expect(await page.evaluate(text('#live-chart .readout ul'))).toMatch(
      /^Happiness \d+ %.*Valence \+0\.70, arousal/,
    );
    // It goes on with the chart under the pointer that rests.
    const before = await page.evaluate<string>(text('#live-chart .at'));
    await page.until(`${text('#live-chart .at')} !== '${before}'`);
    await page.command('Input.dispatchMouseEvent', { type: 'mouseMoved', x: 1, y: 1 });
    await page.until(`!${isShown('#live-chart .readout')}`);
    expect(page.complaints).toEqual([]);
    await remove(id);
  });
});
