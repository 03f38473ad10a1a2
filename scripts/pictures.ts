/**
 * `npx tsx scripts/pictures.ts`: takes the pictures of docs/dashboard.md anew, of the real server with the demo's clip, by the Chromium on
 * the PATH whose camera is that clip. Look at each before it is committed.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type Server, startServer } from '../test/e2e/server.ts';
import { findBrowser, openBrowser, type Page } from '../test/web/browser.ts';
import { chooseFiles, click, fill, isShown, number, text } from '../test/web/page-words.ts';

const CLIP = fileURLToPath(new URL('../test/fixtures/demo.mp4', import.meta.url));
const TARGET = fileURLToPath(new URL('../docs/pictures/', import.meta.url));

interface Look {
  width?: number;
  height?: number;
  scheme?: 'light' | 'dark';
}

const binary = findBrowser();
if (binary === null) throw new Error('no browser is on the PATH');
const directory = await mkdtemp(join(tmpdir(), 'mien-pictures-'));
const film = join(directory, 'camera.mjpeg');
const scaled = ['-an', '-vf', 'scale=640:360', '-r', '15', '-c:v', 'mjpeg', '-q:v', '4', film];
execFileSync('ffmpeg', ['-v', 'error', '-i', CLIP, ...scaled]);
const notes = join(directory, 'notes.mov');
await writeFile(notes, 'What was seen.\n'.repeat(100));
await mkdir(join(directory, 'data'));
const server = await startServer({ MIEN_DATA_DIR: join(directory, 'data'), MIEN_DEMO: 'false' });
const camera = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`];
const browser = await openBrowser(binary, [], camera);
try {
  await takeAll(await browser.open('about:blank'), server);
} finally {
  await browser.close();
  await server.end('SIGKILL');
  await rm(directory, { recursive: true, force: true });
}

/** In the order in which somebody who is new may see them. */
async function takeAll(page: Page, { url, end }: Server): Promise<void> {
  const { origin } = new URL(url);
  const permission = { permission: { name: 'camera' }, setting: 'granted', origin };
  await page.command('Browser.setPermission', permission);
  await look(page);
  await page.command('Page.navigate', { url: `${origin}/` });
  await page.until(`document.readyState === 'complete' && ${isShown('#nothing')}`);
  await take(page, 'empty');
  await takeFiles(page);
  await takeCamera(page);
  await addClip(page);
  await takeRecorded(page);
  await takeLive(page, origin);
  await page.evaluate(`location.hash = '#/stream/00000000-0000-4000-8000-000000000000'`);
  await page.until(isShown('#dead'));
  await take(page, 'dead-link');
  await page.evaluate('history.back()');
  await page.until(`${number('#faces .face')} === 2`);
  await end('SIGKILL');
  await page.until(`document.querySelector('#connection').dataset.state === 'lost' && ${isShown('#stale')}`);
  await take(page, 'away');
}

async function takeFiles(page: Page): Promise<void> {
  await openDialog(page, 'upload');
  await chooseFiles(page, '[name=file]', [CLIP, notes]);
  await page.until(
    `${number('#files li[data-state=ready]')} === 1 && ${number('#files li[data-state=failed]')} === 1`,
  );
  await take(page, 'add-files');
  await page.evaluate(click('#register [value=cancel]'));
  await page.until(`!document.querySelector('#register').open`);
}

async function takeCamera(page: Page): Promise<void> {
  await openDialog(page, 'camera');
  await page.evaluate(fill('#register [name=name]', 'My camera'));
  await page.evaluate(click('[name=consent]'));
  await page.evaluate(click('#camera-on'));
  await page.until(`document.querySelector('#camera-own video').videoWidth > 0`);
  await page.evaluate(`document.querySelector('#register').scrollTop = 0`);
  await take(page, 'add-camera');
  await page.evaluate(click('#register [type=submit]'));
  await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
  // Labels, and some of them, so that the rate that is told is that of a stream that has begun.
  await page.until(`${number('#faces .face')} === 2 && Number(${text('#moment-time')}.match(/\\d+$/)) > 60`);
  await take(page, 'camera');
  await page.evaluate(click('#camera-stop'));
  await page.until(`/^ended/.test(${text('#about')})`);
}

async function addClip(page: Page): Promise<void> {
  await openDialog(page, 'upload');
  await chooseFiles(page, '[name=file]', [CLIP]);
  await page.evaluate(fill('#register [name=name]', 'Interview'));
  await page.until(`${number('#files li[data-state=ready]')} === 1`);
  await page.evaluate(click('#register [type=submit]'));
  await page.until(`${text('#title')} === 'Interview' && /^ended/.test(${text('#about')})`);
}

async function takeRecorded(page: Page): Promise<void> {
  const session = `document.querySelector('#sessions').options[1].value`;
  await page.until(`${session} !== ''`);
  await page.evaluate(`location.hash = location.hash + '/session/' + ${session} + '?t=6.4'`);
  await page.until(`${number('#moment-faces .face')} === 2 && ${number('#lanes .lane')} === 3`);
  await page.until(`document.querySelector('#screen video')?.readyState >= 2`);
  await take(page, 'recorded', { height: 1500 });
  await take(page, 'phone', { width: 390, height: 844 });
}

async function takeLive(page: Page, origin: string): Promise<void> {
  const input =
    'name: "Demo", source: { demo: true }, purpose: RESEARCH, frameRate: 5, loop: true, realtime: true, preview: true';
  type Registered = { registerStream: { stream: { id: string } } };
  const { registerStream } = await server.query<Registered>(
    `mutation { registerStream(input: { ${input} }) { stream { id } } }`,
  );
  await page.command('Page.navigate', { url: `${origin}/#/stream/${registerStream.stream.id}` });
  await page.until(`${text('#title')} === 'Demo' && Number(${text('#moment-time')}.match(/\\d+$/)) > 150`);
  await take(page, 'live');
  await take(page, 'live-dark', { scheme: 'dark' });
  await page.evaluate(click('#edit'));
  await page.until(`document.querySelector('#edit-dialog').open`);
  await take(page, 'edit');
  await page.evaluate(click('#edit-form [value=cancel]'));
  await page.evaluate(click('#outputs-open'));
  await page.evaluate(click('#outputs-add'));
  await page.until(`document.querySelector('#output').open`);
  await page.evaluate(click('#output-rule-add'));
  await page.evaluate(`document.querySelector('#output [name=name]').focus()`);
  await take(page, 'outputs', { height: 1180 });
  await page.evaluate(click('#output-form [value=cancel]'));
  await page.evaluate(click('#outputs-close'));
  await page.evaluate(click('#show-picture'));
  await page.until(
    `/colour|picture/i.test(${text('#picture-words')}) && ${text('#show-picture')} !== 'Show the picture'`,
  );
  await page.until(`${number('#faces .face')} === 2`);
  await take(page, 'picture');
  await page.evaluate(`location.hash = '#/wall'`);
  await page.until(`${text('.tile .coverage')} !== '' && ${number('.tile-faces li')} === 2`);
  await take(page, 'wall');
  await page.evaluate('history.back()');
  await page.until(isShown('#board'));
}

async function openDialog(page: Page, from: string): Promise<void> {
  await page.evaluate(click('#add'));
  const choice = `#register [name=from][value=${from}]`;
  await page.evaluate(click(choice));
  await page.evaluate(`document.querySelector('${choice}').focus()`);
  await page.until(`document.querySelector('[name=purpose]').options.length > 1`);
  await page.evaluate(fill('#register [name=purpose]', 'RESEARCH'));
}

async function look(page: Page, { width = 1280, height = 860, scheme = 'light' }: Look = {}): Promise<void> {
  const size = { width, height, deviceScaleFactor: 1, mobile: false };
  await page.command('Emulation.setDeviceMetricsOverride', size);
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await page.command('Emulation.setEmulatedMedia', { features });
}

/** Once what it shows has been painted. */
async function take(page: Page, name: string, how: Look = {}): Promise<void> {
  await look(page, how);
  // The focus that followed what was closed is of no interest.
  await page.evaluate(`void (document.querySelector('dialog[open]') ?? document.activeElement.blur())`);
  await page.evaluate('new Promise((done) => setTimeout(done, 1500))');
  const { data } = await page.command<{ data: string }>('Page.captureScreenshot', { format: 'png' });
  await sharp(Buffer.from(data, 'base64'))
    .png({ palette: true })
    .toFile(join(TARGET, `${name}.png`));
  await look(page);
}
