/** The page in a real browser, against the real server and its demo. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { counting, MPEG4, mediaDir, rotate90 } from '../ingest/media.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { chooseFiles } from './page-words.ts';

const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: the dashboard was not tried in a browser; none is on the PATH');

/** Notes what the page asks for and receives, and what it says of its connection; changes neither. */
const WITNESS = `
  window.witness = { asked: [], received: [], states: [] };
  const Own = window.WebSocket;
  window.WebSocket = class extends Own {
    connections = new Map();
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        const { id, type, payload } = JSON.parse(data);
        // The first tells where the subscription begins, and holds no moment.
        if (type !== 'next' || !payload.data?.frameEmotions) return;
        const { sessionId, seq, cursor } = payload.data.frameEmotions;
        witness.received.push({ connection: this.connections.get(id), sessionId, seq, cursor });
      });
    }
    send(text) {
      const { id, type, payload } = JSON.parse(text);
      if (type === 'subscribe' && payload.query.includes('frameEmotions'))
        this.connections.set(id, witness.asked.push(payload.variables.after ?? null) - 1);
      super.send(text);
    }
  };
  document.addEventListener('DOMContentLoaded', () => {
    const place = document.querySelector('#connection');
    new MutationObserver(() => {
      if (witness.states.at(-1) !== place.dataset.state) witness.states.push(place.dataset.state);
    }).observe(place, { attributes: true });
  });
`;

interface Witness {
  asked: (string | null)[];
  received: { connection: number; sessionId: string; seq: number; cursor: string }[];
  states: string[];
}

let database: TestDatabase;
let env: Record<string, string>;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  if (binary === null) return;
  database = await createDatabase();
  const { dataDir, databaseUrl } = database.config;
  env = { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  [server, browser] = [await startServer(env), await openBrowser(binary)];
}, STARTED_WITHIN);
afterAll(async () => {
  if (binary === null) return;
  await browser?.close();
  await server?.end('SIGKILL');
  await database?.dispose();
});

async function open(): Promise<Page> {
  const page = await browser.open('about:blank');
  await page.command('Page.addScriptToEvaluateOnNewDocument', { source: WITNESS });
  await page.command('Page.navigate', { url: new URL('/', server.url).href });
  return page;
}

const text = (selector: string) => `(document.querySelector('${selector}')?.textContent ?? '')`;
const number = (selector: string) => `document.querySelectorAll('${selector}').length`;
const click = (selector: string) => `document.querySelector('${selector}').click()`;
const fill = (selector: string, value: string) => `(() => {
  const field = document.querySelector('${selector}');
  field.value = ${JSON.stringify(value)};
  field.dispatchEvent(new Event('change', { bubbles: true }));
})()`;
/** How many colours a canvas has; 0 before it is there and has a size. */
const inked = (selector: string) => `(() => {
  const canvas = document.querySelector('${selector}');
  if (!canvas?.width || !canvas.height) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()`;

test.skipIf(binary === null)(
  'the dashboard shows faces as they come, and resumes after the server was killed',
  async () => {
    const page = await open();
    await page.until(`${number('#faces .face')} === 2`);
    expect(await page.evaluate(text('#faces .face .track'))).toBe('Track 1');
    expect(await page.evaluate(text('#streams .name'))).toBe('Demo');
    await page.until(`${text('#streams .state')} === 'running'`);
    await page.until(`${number('#rows li')} === 2`);
    await page.until(`/frames scored in/.test(${text('#summary-lead')})`);
    // Boxes, lines and labels; bands of several colours.
    await page.until(`${inked('#stage')} > 20 && ${inked('#rows canvas')} > 3`);
    await page.until('witness.received.length > 20');
    // A new row has its size when it is drawn for the first time.
    const dom = readFileSync(new URL('../../src/web/page/dom.js', import.meta.url), 'utf8').replaceAll(
      'export ',
      '',
    );
    const width = `(() => { ${dom}; return new Promise((resolve) => {
      const list = document.body.appendChild(document.createElement('ul'));
      const create = () => document.createElement('canvas');
      reconcile(list, [0], { key: String, create, update: (canvas) => resolve(canvas.clientWidth) });
      list.remove();
    }); })()`;
    expect(await page.evaluate(width)).toBeGreaterThan(0);

    await server.end('SIGKILL');
    await page.until(`document.querySelector('#connection').dataset.state === 'lost'`);
    expect(await page.evaluate(text('#connection'))).toMatch(
      /^connection lost: .* what is missed meanwhile comes then/,
    );
    expect(await page.evaluate(number('#faces .face'))).toBe(2);
    const before = await page.evaluate<Witness>('witness');

    server = await startServer({ ...env, PORT: new URL(server.url).port });
    await page.until(
      `new Set(witness.received.map(({ sessionId }) => sessionId)).size === 2 && witness.received.length > ${before.received.length + 20}`,
    );
    await page.until(`document.querySelector('#connection').dataset.state === 'live'`);
    const witness = await page.evaluate<Witness>('witness');
    // It resumed behind its last moment, and never began anew: the server lets it rejoin the shared execution.
    expect(witness.asked[0]).toBeNull();
    expect(witness.asked[1]).toBe(before.received.at(-1)?.cursor);
    expect(witness.asked.slice(1)).not.toContain(null);
    expect(witness.states).toEqual(expect.arrayContaining(['live', 'lost', 'catching up']));
    await expectComplete(witness);
    // Both sessions are on the timeline, each with its own tracks.
    await page.until(`${number('#rows li')} === 4 && ${text('#rows li .track')} === 'Track 1'`);
    await page.until(`${text('#rows li:nth-child(3) .track')} === 'Track 1 of the session before'`);
    expect(await page.evaluate(`document.querySelector('#problem').hidden`)).toBe(true);
    const unexpected = page.complaints.filter(
      (complaint) =>
        !/ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE|^WebSocket connection to/.test(complaint),
    );
    expect(unexpected).toEqual([]);
    await page.command('Page.close');
  },
  600_000,
);

/** Of the session that was cut off: everything that was stored since the page came, and nothing twice. */
async function expectComplete({ received }: Witness): Promise<void> {
  const [first] = received;
  const { session } = await server.query<{ session: { timeline: { nodes: { seq: number }[] } } }>(
    'query ($id: ID!) { session(id: $id) { timeline(first: 1000) { nodes { seq } } } }',
    { id: first?.sessionId },
  );
  const stored = session.timeline.nodes.map(({ seq }) => seq).filter((seq) => seq >= (first?.seq ?? 0));
  const seen = received.filter(({ sessionId }) => sessionId === first?.sessionId).map(({ seq }) => seq);
  expect(seen).toEqual(stored);
}

test.skipIf(binary === null)(
  'the dashboard registers streams, shows refusals, opens recorded sessions, stops and removes',
  async () => {
    const page = await open();
    await page.until(`${text('#streams .state')} === 'running'`);

    await page.evaluate(click('#add'));
    await page.until(`document.querySelector('[name=purpose]').options.length === 9`);
    await page.evaluate(fill('[name=name]', 'Nowhere'));
    await page.evaluate(fill('[name=url]', 'http://192.0.2.1/a.mp4'));
    await page.evaluate(fill('[name=purpose]', 'RESEARCH'));
    expect(await page.evaluate(text('#purpose-about'))).toContain('Scientific');
    await page.evaluate(click('#register [type=submit]'));
    await page.until(`/192\\.0\\.2\\.1/.test(${text('#register-problem')})`);

    await page.evaluate(`document.querySelector('[name=from][value=upload]').click()`);
    await page.evaluate(fill('[name=name]', 'Clip'));
    await chooseFiles(page, '[name=file]', [CLIP]);
    await page.until(`document.querySelector('#files li')?.dataset.state === 'ready'`);
    await page.evaluate(click('#register [type=submit]'));
    await page.until(`!document.querySelector('#register').open && ${text('#title')} === 'Clip'`);
    await page.until(`${text('#streams li:nth-child(2) .state')} === 'ended'`);

    await page.until(`document.querySelector('#sessions').options.length === 2`);
    await page.evaluate(
      `(() => { const list = document.querySelector('#sessions'); list.selectedIndex = 1; list.dispatchEvent(new Event('change')); })()`,
    );
    await page.until(`${number('#lanes .lane')} === 3`);
    expect(await page.evaluate(text('#connection'))).toBe('recorded');
    await page.until(`${text('#lanes .track')} === 'All faces'`);
    await page.until(`${inked('#lanes canvas')} > 3`);
    await page.until(`/in all/.test(${text('#summary-title')})`);

    await page.evaluate(click('#remove'));
    expect(await page.evaluate(text('#confirm-text'))).toContain('“\u2068Clip\u2069”');
    await page.evaluate(click('#confirm [value=cancel]'));
    // At once: before the browser tells that the question was closed.
    await page.evaluate(click('#remove'));
    expect(await page.evaluate(`document.querySelector('#confirm').open`)).toBe(true);
    expect(await page.evaluate(number('#streams li'))).toBe(2);
    await page.evaluate(click('#confirm [value=remove]'));
    await page.until(`${number('#streams li')} === 1 && ${text('#title')} === 'Demo'`);

    await page.evaluate(click('#stop'));
    await page.until(`${text('#streams .state')} === 'ended'`);
    await page.until(`${text('#connection')} === 'not running'`);
    await page.evaluate(click('#start'));
    await page.until(`${text('#streams .state')} === 'running'`);
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  },
  600_000,
);

test.skipIf(binary === null)(
  'the dashboard’s face canvas has the proportions of the frames, also of upright video',
  async () => {
    const media = await mediaDir();
    await media.make(`${counting({ rate: 10 })} ${MPEG4} level.mp4`);
    await rotate90(media.at('level.mp4'), media.at('turned.mp4'));
    const body = await readFile(media.at('turned.mp4'));
    await media.remove();
    const uploaded = await fetch(new URL('/uploads', server.url), {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } },
    });
    const { token } = (await uploaded.json()) as { token: string };
    const { registerStream } = await server.query<{ registerStream: { stream: { id: string } } }>(
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      {
        input: {
          ...{ name: 'Tall', source: { upload: token }, purpose: 'RESEARCH', loop: true, realtime: true },
        },
      },
    );
    const page = await open();
    const ratio = `(({ clientWidth, clientHeight }) => clientWidth / clientHeight)(document.querySelector('#stage'))`;
    await page.until(`${text('#frame-size')} === 'Scored in 640 × 360 pixels.'`);
    expect(await page.evaluate(ratio)).toBeCloseTo(640 / 360, 1);
    await page.until(`${number('#streams li')} === 2`);
    await page.evaluate(`location.hash = '#/stream/${registerStream.stream.id}'`);
    await page.until(`${text('#frame-size')} === 'Scored in 180 × 320 pixels.'`);
    expect(await page.evaluate(ratio)).toBeCloseTo(180 / 320, 1);
    await server.query(
      'mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }',
      registerStream.stream,
    );
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  },
  300_000,
);

/** Lets long pauses be short, and answers about the list of sessions wait until they are let go, in any order. */
const HASTE = `
  window.asked = { DashboardRecording: 0 };
  window.held = [];
  window.taken = 0;
  window.holding = false;
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...rest) => later(work, ms === 10_000 ? 300 : ms, ...rest);
  const send = window.fetch;
  window.fetch = async (input, options) => {
    const query = JSON.parse(options?.body ?? '{}').query ?? '';
    if (query.includes('DashboardRecording(')) asked.DashboardRecording++;
    const response = await send(input, options);
    if (!holding || !query.includes('DashboardSessions(')) return response;
    await new Promise((go) => held.push(go));
    // Behind all that the page does with it.
    const read = response.text.bind(response);
    response.text = () => read().finally(() => later(() => taken++, 0));
    return response;
  };
`;

test.skipIf(binary === null)(
  'the dashboard reads a running session again that was opened by its link, and late answers do not set the choice of a session',
  async () => {
    const { streams } = await server.query<{
      streams: { nodes: { id: string; latestSession: { id: string } }[] };
    }>('{ streams(first: 1) { nodes { id latestSession { id } } } }');
    const { id, latestSession } = streams.nodes[0]!;
    const page = await browser.open('about:blank');
    await page.command('Page.addScriptToEvaluateOnNewDocument', { source: HASTE });
    const link = `/#/stream/${id}/session/${latestSession.id}`;
    await page.command('Page.navigate', { url: new URL(link, server.url).href });
    await page.until('asked.DashboardRecording > 2');
    await page.until(`document.querySelector('#sessions').value === '${latestSession.id}'`);
    await page.until(`${number('#lanes .lane')} === 3`);

    await page.evaluate(`holding = true, location.hash = '#/stream/${id}'`);
    await page.until('held.length > 0');
    await page.evaluate(`location.hash = '${link.slice(1)}'`);
    await page.until('held.length > 1');
    await page.evaluate('holding = false, held.pop()()');
    await page.until('taken === 1');
    const late = await page.evaluate<number>('held.map((go) => go()).length');
    expect(late).toBeGreaterThan(0);
    await page.until(`taken === ${1 + late}`);
    expect(await page.evaluate(`document.querySelector('#sessions').value`)).toBe(latestSession.id);

    await page.evaluate(click('.skip'));
    expect(await page.evaluate('location.hash')).toBe(link.slice(1));
    expect(await page.evaluate('document.activeElement.id')).toBe('watch');
    expect(page.complaints).toEqual([]);
    await page.command('Page.close');
  },
  300_000,
);

const hide = (hidden: boolean) => `(() => {
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
  document.dispatchEvent(new Event('visibilitychange'));
})()`;

test.skipIf(binary === null)(
  'the dashboard unsubscribes while its tab is hidden, and then resumes with what it missed',
  async () => {
    const page = await open();
    await page.until('witness.received.length > 10');
    const subscriptions = async () =>
      /mien_subscribers\{transport="websocket"\} (\d+)/.exec(await metrics())?.[1];
    await expect.poll(subscriptions, { timeout: 120_000 }).toBe('2');
    await page.evaluate(hide(true));
    await expect.poll(subscriptions, { timeout: 120_000 }).toBe('0');
    const { asked, received } = await page.evaluate<Witness>('witness');
    const scored = await framesScored();
    await expect.poll(framesScored, { timeout: 120_000 }).toBeGreaterThan(scored + 20);
    expect((await page.evaluate<Witness>('witness')).asked).toEqual(asked);
    await page.evaluate(hide(false));
    await page.until(`witness.received.length > ${received.length + 20}`);
    const after = await page.evaluate<Witness>('witness');
    expect(after.asked[asked.length]).toBe(received.at(-1)?.cursor);
    await page.command('Page.close');
  },
  300_000,
);

async function framesScored(): Promise<number> {
  const lines = (await metrics()).match(/^mien_frames_scored_total\S* \d+$/gm) ?? [];
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function metrics(): Promise<string> {
  return (await fetch(new URL('/metrics', server.url))).text();
}
