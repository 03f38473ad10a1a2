/** Adding streams in the dashboard, against the real server: what is cancelled is not there afterwards, wrong files are not sent. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statIfThere } from '../../src/stat-if-there.ts';
import { until } from '../api/harness.ts';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible, violations } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { tabTo } from './keys.ts';
import { chooseFiles, click, fill, isShown, number, press, text } from './page-words.ts';
import { openWay, type Way } from './way.ts';

const execFileAsync = promisify(execFile);
const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to add files in');

interface Stream {
  id: string;
  name: string;
  realtime: boolean | null;
  loop: boolean;
  tags: { key: string; value: string }[];
}

describe.skipIf(binary === null)('adding files in the dashboard', () => {
  let database: TestDatabase;
  let server: Server;
  let browser: Browser;
  let way: Way;
  let page: Page;
  let media: string;
  beforeAll(async () => {
    database = await createDatabase();
    const { dataDir, databaseUrl } = database.config;
    const env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
    media = await mkdtemp(join(tmpdir(), 'mien-adding-'));
    await mkdir(join(media, 'lectures'));
    for (const name of ['first.mp4', 'lectures/second.mp4']) await copyFile(CLIP, join(media, name));
    await writeFile(join(media, 'paper.mp4'), `%PDF-1.7\n${'x'.repeat(100_000)}`);
    await writeFile(join(media, 'notes.mov'), 'What was seen.\n'.repeat(1000));
    await execFileAsync('ffmpeg', ['-v', 'error', '-i', CLIP, '-frames:v', '1', join(media, 'still.jpg')]);
    [server, browser] = [
      await startServer({ ...env, MIEN_DEMO: 'false', MIEN_MEDIA_DIR: media }),
      await openBrowser(binary!),
    ];
  }, STARTED_WITHIN);
  afterAll(async () => {
    await browser?.close();
    await server?.end('SIGKILL');
    await database?.dispose();
    await rm(media, { recursive: true, force: true });
  });
  beforeEach(async () => {
    way = await openWay(Number(new URL(server.url).port));
    page = await browser.open(`${way.url}/`);
    await page.until(`document.readyState === 'complete' && ${isShown('#nothing')}`);
  });
  afterEach(async () => {
    await page.command('Page.close');
    way.close();
    for (const { id } of await streams())
      await server.query('mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
        id,
      });
    for (const name of await readdir(uploads())) throw new Error(`${name} stayed behind`);
  });

  const uploads = () => join(database.config.dataDir, 'uploads');
  const streams = async () => {
    const found = await server.query<{ streams: { nodes: Stream[] } }>(
      '{ streams(first: 100) { nodes { id name realtime loop tags { key value } } } }',
    );
    return found.streams.nodes;
  };
  const names = async () => (await streams()).map(({ name }) => name).sort();
  const submit = () => page.evaluate(click('#register [type=submit]'));
  const openDialog = async (from: string) => {
    await page.evaluate(click('#add'));
    await page.evaluate(`document.querySelector('[name=from][value=${from}]').click()`);
    await page.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await page.evaluate(fill('[name=purpose]', 'RESEARCH'));
  };
  /** Opens the dialog and chooses the file; all else is as it is offered. */
  const begin = async (file: string) => {
    await openDialog('upload');
    await chooseFiles(page, '[name=file]', [file]);
    await page.evaluate(fill('[name=name]', 'Clip'));
    await page.until(`document.querySelector('#files li')?.dataset.state === 'ready'`);
    await submit();
  };
  /** Bytes of uploads that are under way. */
  const arrived = async () => {
    let bytes = 0;
    for (const name of await readdir(uploads()))
      if (/^\.tus-[0-9a-f]+$/.test(name)) bytes += (await statIfThere(join(uploads(), name)))?.size ?? 0;
    return bytes;
  };
  const isGone = async () => {
    await page.until(`!document.querySelector('#register').open`);
    await until(async () => (await readdir(uploads())).length === 0, 'nothing of it lies there');
    expect(await streams()).toEqual([]);
  };
  const cancellations: [string, () => Promise<unknown>][] = [
    ['Cancel', () => page.evaluate(click('#register [value=cancel]'))],
    ['Escape', () => press(page, 'Escape', 'Escape', 27)],
  ];

  it.each(cancellations)(
    '%s in the middle of an upload leaves neither stream nor file',
    async (_way, cancel) => {
      way.allowance = 20_000;
      await begin(CLIP);
      await until(async () => (await arrived()) > 0, 'some of it is there');
      await cancel();
      way.allowance = Number.POSITIVE_INFINITY;
      await isGone();
    },
  );

  it.each(cancellations)('%s when all was sent and not yet answered leaves neither', async (_way, cancel) => {
    way.holdAnswersTo('PATCH /uploads/');
    await begin(CLIP);
    await until(
      async () => (await readdir(uploads())).some((name) => /^[0-9a-f]{32}$/.test(name)),
      'all is there',
    );
    await cancel();
    way.holdAnswersTo(null);
    await isGone();
  });

  it.each(cancellations)('%s while the stream is being registered leaves neither', async (_way, cancel) => {
    way.holdAnswersTo('DashboardRegister');
    await begin(CLIP);
    await until(async () => (await streams()).length === 1, 'the server has registered it');
    await cancel();
    way.holdAnswersTo(null);
    await until(async () => (await streams()).length === 0, 'it is taken back', 20_000);
    await isGone();
    expect(await page.evaluate(text('#problem'))).toBe('');
  });

  it('a file that is still being looked at is added too', async () => {
    await openDialog('upload');
    const bytes = (await readFile(CLIP)).toString('base64');
    await page.evaluate(`(() => {
      const files = new DataTransfer();
      const bytes = Uint8Array.from(atob('${bytes}'), (one) => one.charCodeAt(0));
      files.items.add(new File([bytes], 'quick.mp4', { type: 'video/mp4' }));
      const field = document.querySelector('[name=file]');
      field.files = files.files;
      field.dispatchEvent(new Event('change', { bubbles: true }));
      document.querySelector('#register-form').requestSubmit();
    })()`);
    await page.until(`!document.querySelector('#register').open`);
    expect(await names()).toEqual(['quick']);
  });

  it('all files are added, also where another kind of source is looked at meanwhile', async () => {
    await openDialog('upload');
    await chooseFiles(page, '[name=file]', [join(media, 'first.mp4'), join(media, 'lectures/second.mp4')]);
    await page.until(`${number('#files li[data-state=ready]')} === 2`);
    way.holdAnswersTo('DashboardRegister');
    await submit();
    await until(async () => (await streams()).length === 1, 'the server has registered the first');
    await page.evaluate(click('[name=from][value=file]'));
    way.holdAnswersTo(null);
    await page.until(`!document.querySelector('#register').open`);
    expect(await names()).toEqual(['first', 'second']);
  });

  it('a file is read as fast as it goes and to its end, unless the pace of the clock is asked for', async () => {
    await begin(CLIP);
    await page.until(`!document.querySelector('#register').open`);
    const [stream] = await streams();
    expect(stream).toMatchObject({ name: 'Clip', realtime: false, loop: false });
    const summary = 'query ($id: ID!) { stream(id: $id) { latestSession { state summary { coverage } } } }';
    await until(async () => {
      const { stream: found } = await server.query<{ stream: { latestSession: { state: string } } }>(
        summary,
        { id: stream!.id },
      );
      return found.latestSession.state === 'ENDED';
    }, 'it is read');
    expect(await server.query(summary, { id: stream!.id })).toMatchObject({
      stream: { latestSession: { summary: { coverage: 1 } } },
    });

    await openDialog('upload');
    await page.evaluate(click('[name=pace][value=clock]'));
    await page.evaluate(click('[name=loop]'));
    await chooseFiles(page, '[name=file]', [join(media, 'first.mp4')]);
    await page.until(`document.querySelector('#files li')?.dataset.state === 'ready'`);
    await submit();
    await page.until(`!document.querySelector('#register').open && ${text('#title')} === 'first'`);
    expect((await streams()).find(({ name }) => name === 'first')).toMatchObject({
      realtime: true,
      loop: true,
    });
  });

  it('a file that is no video is told at once by its first bytes, and not sent', async () => {
    await openDialog('upload');
    await chooseFiles(page, '[name=file]', [join(media, 'paper.mp4'), join(media, 'notes.mov')]);
    const line = (index: number) => text(`#files li:nth-child(${index}) .file-state`);
    await page.until(
      `${line(1)}.startsWith('This is a PDF document') && ${line(2)}.startsWith('This is text')`,
    );
    expect(await violations(page)).toEqual([]);
    await submit();
    await page.until(`${text('#register-problem')} === 'Choose a video or a picture first.'`);
    expect(page.requested.filter((url) => url.includes('/uploads'))).toEqual([]);
    await page.evaluate(click('#files li button'));
    expect(await page.evaluate(number('#files li'))).toBe(1);
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Remove notes.mov');
  });

  it('several files and pictures become a stream each, one after the other, and each can be cancelled', async () => {
    await openDialog('upload');
    const files = [join(media, 'first.mp4'), join(media, 'lectures/second.mp4'), join(media, 'still.jpg')];
    await chooseFiles(page, '[name=file]', files);
    await page.until(`${number('#files li[data-state=ready]')} === 3`);
    expect(await page.evaluate(`document.querySelector('#stream-name').hidden`)).toBe(true);
    way.allowance = 100_000;
    await submit();
    await page.until(
      `/^\\d+ % of 330 kB/.test(${text('#files li .file-state')}) && document.querySelector('#files progress').value > 0`,
    );
    expect(await page.evaluate(number('#files li[data-state=ready]'))).toBe(2);
    expect(await violations(page)).toEqual([]);
    await page.evaluate(click('#files li button'));
    way.allowance = Number.POSITIVE_INFINITY;
    await page.until(`!document.querySelector('#register').open`);
    expect(await names()).toEqual(['second', 'still']);
    await until(async () => (await readdir(uploads())).length === 2, 'what was cancelled is gone');
  });

  it('files that are dropped on the page are chosen, also while the dialog is open', async () => {
    const drop = async (file: string, meanwhile = async () => {}) => {
      const data = { items: [], files: [file], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver'])
        await page.command('Input.dispatchDragEvent', { type, x: 200, y: 300, data });
      await page.until(`document.querySelector('#drop').matches(':popover-open')`);
      await meanwhile();
      await page.command('Input.dispatchDragEvent', { type: 'drop', x: 200, y: 300, data });
      await page.until(`!document.querySelector('#drop').matches(':popover-open')`);
    };
    await drop(CLIP, () => expectAccessible(page));
    await page.until(
      `document.querySelector('#register').open && ${text('#files .file-name')} === 'demo.mp4'`,
    );
    await drop(join(media, 'first.mp4'));
    await page.until(`${number('#files li[data-state=ready]')} === 2`);
  });

  it('purposes that the server refuses cannot be chosen, and why is said before anything is sent', async () => {
    await openDialog('upload');
    const refused = `[...document.querySelector('[name=purpose]').options].filter(({ disabled }) => disabled).map(({ value }) => value)`;
    expect(await page.evaluate(refused)).toEqual(['WORKPLACE', 'EDUCATION']);
    expect(await page.evaluate(text('#purposes-refused'))).toMatch(
      /^Workplace and Education are refused by this server: .*AI Act, article 5.*MIEN_ALLOW_PURPOSES/,
    );
  });

  it('files of the server are found, and chosen with the keyboard alone', async () => {
    await page.evaluate(`document.querySelector('#add').focus()`);
    await press(page, 'Enter', 'Enter', 13);
    await page.until(
      `document.querySelector('#register').open && document.querySelector('[name=purpose]').options.length === 9`,
    );
    await tabTo(page, '[name=from]');
    for (let down = 0; down < 2; down++) await press(page, 'ArrowDown', 'ArrowDown', 40);
    await tabTo(page, '[name=find]');
    await page.command('Input.insertText', { text: 'SECOND' });
    await page.until(
      `${number('#server-files li')} === 1 && ${text('#server-files .path')} === 'lectures/second.mp4'`,
    );
    expect(await violations(page)).toEqual([]);
    await tabTo(page, '[name=serverFile]');
    await press(page, ' ', 'Space', 32);
    await page.evaluate(`document.querySelector('[name=find]').select()`);
    await tabTo(page, '[name=purpose]');
    await press(page, 'ArrowDown', 'ArrowDown', 40);
    await tabTo(page, '#register summary');
    await press(page, 'Enter', 'Enter', 13);
    await tabTo(page, '[name=tags]');
    await page.command('Input.insertText', { text: 'site=lab' });
    await tabTo(page, '#register [type=submit]');
    await press(page, 'Enter', 'Enter', 13);
    await page.until(`!document.querySelector('#register').open && ${text('#title')} === 'second'`);
    expect(await streams()).toMatchObject([
      { name: 'second', realtime: false, tags: [{ key: 'site', value: 'lab' }] },
    ]);
  });

  it('a camera of the server that is not there is told in the server’s words, and the dialog stays', async () => {
    await openDialog('device');
    await page.evaluate(fill('[name=name]', 'Door'));
    await page.evaluate(fill('[name=device]', '/dev/video99'));
    await submit();
    await page.until(`${text('#register-problem')}.length > 10`);
    expect(await page.evaluate(text('#register-problem'))).toContain('/dev/video99');
    expect(await page.evaluate(`document.querySelector('#register').open`)).toBe(true);
    expect(await streams()).toEqual([]);
  });
});
