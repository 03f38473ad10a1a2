/** Changing a stream in the dashboard, against the real server: what is saved, what is refused, and what stays as it was. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { click, fill, isShown, press, text } from './page-words.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to change a stream in');

const SETTINGS =
  'id name purpose frameRate preview retention priority detectSize smoothing timing loop tags { key value }';

describe.skipIf(binary === null)('changing a stream in the dashboard', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let id: string;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    [server, browser] = [await startServer({ ...env, MIEN_DEMO: 'false' }), await openBrowser(binary!)];
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
  });

  const ids: string[] = [];
  const register = async (name: string, realtime: boolean | null = true) => {
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      `mutation ($name: String!, $realtime: Boolean) { registerStream(input: { name: $name, source: { demo: true }, purpose: RESEARCH, autoStart: false, realtime: $realtime }) { stream { id } } }`,
      { name, realtime },
    );
    ids.push(registerStream.stream.id);
    return registerStream.stream.id;
  };
  const settings = async () =>
    (await server.query<{ stream: object }>(`query ($id: ID!) { stream(id: $id) { ${SETTINGS} } }`, { id }))
      .stream;
  const openDialog = async () => {
    await page.evaluate(click('#edit'));
    await page.until(`document.querySelector('#edit-dialog').open`);
  };
  const field = (name: string) => `#edit-form [name=${name}]`;
  const save = () => page.evaluate(click('#edit-form [type=submit]'));

  beforeEach(async () => {
    id = await register('Door');
    page = await browser.open(new URL(`/#/stream/${id}`, server.url).href);
    await page.until(`${text('#title')} === 'Door'`);
  });
  afterEach(async () => {
    await page.command('Page.close');
    for (const one of ids.splice(0))
      await server.query('mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
        id: one,
      });
  });

  it('shows what is set, in light, dark and on a phone', async () => {
    await openDialog();
    await page.evaluate(`document.querySelector('#edit-form details').open = true`);
    expect(await page.evaluate(`document.querySelector('${field('name')}').value`)).toBe('Door');
    expect(await page.evaluate(`document.querySelector('${field('frameRate')}').value`)).toBe('10');
    expect(await page.evaluate(`document.querySelector('${field('smoothing')}').value`)).toBe('0.25');
    await expectAccessible(page);
  });

  it('saves all that may be changed, and shows it at once', async () => {
    await openDialog();
    const values = {
      ...{ name: 'Front door', frameRate: '5', tags: 'site=lab\nroom=2', retention: '48', priority: 'HIGH' },
      ...{ detectSize: 'LARGE', smoothing: '0.5', timing: 'EVEN' },
    };
    for (const [name, value] of Object.entries(values)) await page.evaluate(fill(field(name), value));
    await page.evaluate(click(field('preview')));
    await page.evaluate(click(field('loop')));
    await save();
    await page.until(
      `!document.querySelector('#edit-dialog').open && ${text('#title')} === 'Front door' && ${text('#streams .name')} === 'Front door'`,
    );
    expect(await settings()).toEqual({
      ...{ id, name: 'Front door', purpose: 'RESEARCH', frameRate: 5, preview: true, retention: 48 },
      ...{ priority: 'HIGH', detectSize: 'LARGE', smoothing: 0.5, timing: 'EVEN', loop: true },
      tags: [
        { key: 'room', value: '2' },
        { key: 'site', value: 'lab' },
      ],
    });
    expect(page.complaints).toEqual([]);
  });

  it.each([
    [true, true],
    [null, false],
  ])(
    'whether it starts again at its end is offered where it is read by the clock alone (%s)',
    async (realtime, isOffered) => {
      const other = await register('Clip', realtime);
      await page.evaluate(`location.hash = '#/stream/${other}'`);
      await page.until(`${text('#title')} === 'Clip'`);
      await openDialog();
      expect(await page.evaluate(isShown(field('loop')))).toBe(isOffered);
    },
  );

  it('covers no dialog that was opened meanwhile', async () => {
    await page.evaluate(`${click('#edit')}; ${click('#add')}`);
    await page.until(`document.querySelector('#edit').ariaBusy !== 'true'`);
    expect(await page.evaluate(`document.querySelector('#edit-dialog').open`)).toBe(false);
    await page.evaluate(click('#register [value=cancel]'));
    await openDialog();
  });

  it('leaves what somebody else has changed meanwhile', async () => {
    await openDialog();
    await server.query(
      'mutation ($id: ID!) { updateStream(input: { id: $id, priority: LOW, retention: 7 }) { stream { id } } }',
      { id },
    );
    await page.evaluate(fill(field('frameRate'), '4'));
    await save();
    await page.until(`!document.querySelector('#edit-dialog').open`);
    expect(await settings()).toMatchObject({ name: 'Door', frameRate: 4, priority: 'LOW', retention: 7 });
  });

  it('what is refused is told in the server’s words, and stays to be mended', async () => {
    await register('Window');
    await openDialog();
    await page.evaluate(fill(field('name'), 'Window'));
    await save();
    await page.until(`${text('#edit-problem')}.includes('Window')`);
    expect(await page.evaluate(`document.querySelector('#edit-dialog').open`)).toBe(true);
    expect(await page.evaluate(`document.querySelector('${field('name')}').value`)).toBe('Window');
    expect(await violations(page)).toEqual([]);
    await page.evaluate(fill(field('tags'), 'lab'));
    await save();
    await page.until(`${text('#edit-problem')}.startsWith('“lab” is no tag')`);
    await page.evaluate(fill(field('tags'), ''));
    await page.evaluate(fill(field('name'), 'Gate'));
    await save();
    await page.until(`${text('#title')} === 'Gate'`);
  });

  it('a value out of range is shown where it is, also in what was folded up', async () => {
    await openDialog();
    await page.evaluate(fill(field('smoothing'), '11'));
    await save();
    await page.until(isShown(field('smoothing')));
    expect(await page.evaluate('document.activeElement.name')).toBe('smoothing');
    expect(await settings()).toMatchObject({ smoothing: 0.25 });
  });

  it.each([
    ['Cancel', () => page.evaluate(click('#edit-form [value=cancel]'))],
    ['Escape', () => press(page, 'Escape', 'Escape', 27)],
  ])('%s changes nothing, and what was typed is forgotten', async (_how, leave) => {
    const before = await settings();
    await openDialog();
    await page.evaluate(fill(field('name'), 'Gate'));
    await leave();
    await page.until(`!document.querySelector('#edit-dialog').open`);
    expect(await settings()).toEqual(before);
    await openDialog();
    expect(await page.evaluate(`document.querySelector('${field('name')}').value`)).toBe('Door');
  });
});
