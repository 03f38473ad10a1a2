/** The dashboard in a headless browser, and what is asked of it there. */
import { type Browser, findBrowser, openBrowser, type Page } from '../../test/web/browser.ts';
import { measured } from '../harness.ts';
import { type Usage, usageBelow } from './process-tree.ts';

/**
 * Runs in the page before its own scripts. Of each moment that its WebSocket, or an event stream, brings it notes how old the frame was when the
 * first picture after that had been painted: the callbacks of an animation frame come before its paint, and a message that is
 * sent in one comes after. Moments behind which nothing was drawn are not noted.
 * @param canvas id of that on which their faces are drawn
 */
export const notePainted = (canvas: string) => `{
  const noted = (window.paintedMoments = []);
  let draws = 0;
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.id === '${canvas}') draws += 1;
    return clearRect.apply(this, box);
  };
  const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = then;
    port2.postMessage(null);
  });
  const note = (answer) => {
    const moment = answer?.data?.frameEmotions;
    if (!moment?.wallTime) return;
    const before = draws;
    painted(() => {
      if (draws === before) return;
      const age = Date.now() - Date.parse(moment.wallTime);
      noted.push({ seq: moment.seq, age, paintedAt: performance.now() });
    });
  };
  const listen = async (body) => {
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\\n');
      rest = lines.pop();
      for (const line of lines) if (line.startsWith('data:')) note(JSON.parse(line.slice(5) || null));
    }
  };
  const Own = window.WebSocket;
  window.WebSocket = class extends Own {
    constructor(...given) {
      super(...given);
      if (this.url.endsWith('/graphql')) this.addEventListener('message', ({ data }) => note(JSON.parse(data).payload));
    }
  };
  const { fetch } = window;
  window.fetch = async (...request) => {
    const response = await fetch(...request);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
    const [own, ofPage] = response.body.tee();
    // It ends as the page's ends.
    listen(own).catch(() => {});
    return new Response(ofPage, response);
  };
}`;

/** A moment whose faces were painted. */
export interface Painted {
  seq: number;
  /** Milliseconds from its frame's arrival at the server. */
  age: number;
  /** By the page's `performance.now()`. */
  paintedAt: number;
}

/** In milliseconds since the address was asked for. */
export interface Opening {
  /** First text, picture or canvas. */
  firstPaint: number;
  /** A face is in the list. */
  firstFace: number;
}

export interface Cost {
  /** Of the page's main thread, in seconds. */
  mainThread: number;
  /** Of all processes of the browser, in seconds. */
  browser: number;
}

export interface Dashboard {
  /** Opens it anew, in the same browser: what may be kept is kept. */
  open(): Promise<Opening>;
  /** To an empty page. */
  leave(): Promise<void>;
  /** Waits, and tells what that time cost. */
  watch(seconds: number): Promise<Cost>;
  /** Takes what was noted since the last call: the milliseconds from a frame's arrival at the server to its faces on the screen. */
  takeAges(): Promise<number[]>;
  /** Megabytes of JavaScript that are in use after all that could be freed was freed. */
  heap(): Promise<number>;
  close(): Promise<void>;
}

/** @throws Error when there is no browser on the PATH */
export async function openDashboard(url: string): Promise<Dashboard> {
  const binary = findBrowser();
  if (binary === null) throw new Error('no browser is on the PATH');
  const browser = await openBrowser(binary);
  const page = await openPage(browser);
  return {
    async open() {
      await page.command('Page.navigate', { url });
      await page.until(`location.href.startsWith(${JSON.stringify(url)})`);
      await page.until('window.firstFaceAt > 0');
      const paint = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`;
      return {
        firstPaint: measured('the first paint', await page.evaluate<number>(paint)),
        firstFace: measured('the first face', await page.evaluate<number>('window.firstFaceAt')),
      };
    },
    async leave() {
      await page.command('Page.navigate', { url: 'about:blank' });
      await page.until(`location.href === 'about:blank'`);
    },
    async watch(seconds) {
      const [page0, all0] = [await mainThread(page), usage()];
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const [page1, all1] = [await mainThread(page), usage()];
      return {
        mainThread: measured('the page’s main thread', page1 - page0),
        browser: measured('the browser', all1.cpuSeconds - all0.cpuSeconds),
      };
    },
    takeAges: () => page.evaluate<number[]>('window.paintedMoments.splice(0).map(({ age }) => age)'),
    async heap() {
      await page.command('HeapProfiler.collectGarbage');
      return measured('the heap', (await metric(page, 'JSHeapUsedSize')) / 2 ** 20);
    },
    close: () => browser.close(),
  };
}

async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.open('about:blank');
  await page.command('Performance.enable');
  await page.command('Page.addScriptToEvaluateOnNewDocument', {
    source: notePainted('stage') + NOTE_FIRST_FACE,
  });
  return page;
}

const NOTE_FIRST_FACE = `{
  window.firstFaceAt = 0;
  const look = () => {
    if (document.querySelector('#faces > *')) window.firstFaceAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}`;

async function metric(page: Page, wanted: string): Promise<number> {
  const { metrics } = await page.command<{ metrics: { name: string; value: number }[] }>(
    'Performance.getMetrics',
  );
  return metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
}

const mainThread = (page: Page) => metric(page, 'TaskDuration');

const usage = (): Usage => usageBelow(process.pid, ['chromium', 'chrome', 'google-chrome'], 1);
