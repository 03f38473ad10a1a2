/** The dashboard in a headless browser whose camera is a film, sent to a stream of which the preview may be seen. */
import { findBrowser, openBrowser, type Page } from '../../test/web/browser.ts';
import { click, fill, isShown, text } from '../../test/web/page-words.ts';
import { watchClock } from './camera-clock.ts';
import { notePainted, type Painted } from './dashboard.ts';
import { ask, type Server } from './server.ts';

export interface CameraPage {
  /** Id of the session that the camera is sent to. */
  session: string;
  watch(seconds: number): Promise<void>;
  /** What was painted since the last call. */
  takePainted(): Promise<Painted[]>;
  /** When the own picture last began to show each frame, by the number in it. */
  seenAt(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

const STREAMS = '{ streams(first: 1) { nodes { id latestSession { id } } } }';
const ALLOW =
  'mutation ($id: ID!) { updateStream(input: { id: $id, preview: true }) { stream { preview } } }';

/** @throws Error when there is no browser on the PATH */
export async function openCameraPage(server: Server, film: string): Promise<CameraPage> {
  const binary = findBrowser();
  if (binary === null) throw new Error('no browser is on the PATH');
  const flags = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`];
  const browser = await openBrowser(binary, [], flags);
  const page = await browser.open('about:blank');
  const { origin } = new URL(server.url);
  await page.command('Page.addScriptToEvaluateOnNewDocument', { source: notePainted('camera-labels') });
  await page.command('Browser.setPermission', {
    ...{ permission: { name: 'camera' }, setting: 'granted', origin },
  });
  await page.command('Page.navigate', { url: `${origin}/` });
  await sendCamera(page);
  type Streams = { streams: { nodes: { id: string; latestSession: { id: string } }[] } };
  const [stream] = (await ask<Streams>(server.url, STREAMS, {})).streams.nodes;
  await ask(server.url, ALLOW, { id: stream!.id });
  await page.evaluate(watchClock('#camera-video'));
  return {
    session: stream!.latestSession.id,
    watch: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    takePainted: () => page.evaluate('window.paintedMoments.splice(0)'),
    seenAt: () => page.evaluate('window.seenAt'),
    close: () => browser.close(),
  };
}

/** As a person does it. */
async function sendCamera(page: Page): Promise<void> {
  await page.until(`document.readyState === 'complete' && ${isShown('#nothing')}`);
  await page.evaluate(click('#nothing [data-from=camera]'));
  await page.until(`document.querySelector('[name=purpose]').options.length > 1`);
  await page.evaluate(fill('[name=purpose]', 'RESEARCH'));
  await page.evaluate(fill('[name=name]', 'Me'));
  await page.evaluate(click('[name=consent]'));
  await page.evaluate(click('#camera-on'));
  await page.until(`document.querySelector('#camera-own video').videoWidth > 0`);
  await page.evaluate(click('#register [type=submit]'));
  await page.until(`${text('#camera-state')} === 'Your camera is being sent.'`);
}
