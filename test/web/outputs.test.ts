/** Outputs in a real browser, against the real server and a real receiver: added by keyboard alone, tried, told by a rule, changed and removed. */
import { once } from 'node:events';
import { createServer, type Server as HttpServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { run } from '../cli/harness.ts';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectAccessible } from './axe.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { enter, isFocused, tabTo, type } from './keys.ts';
import { click, fill, isShown, number, press, text } from './page-words.ts';
import { openWay } from './way.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: outputs were not tried in a browser; none is on the PATH');

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Takes what is sent to it, and answers as a test says. */
interface Receiver {
  url: string;
  received: Received[];
  status: number;
  server: HttpServer;
}

async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
    response.writeHead(receiver.status).end(receiver.status === 204 ? '' : 'not today');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook/a-secret-path`,
    received,
    status: 204,
    server,
  };
  return receiver;
}

let database: TestDatabase;
let server: Server;
let browser: Browser;
let receiver: Receiver;
beforeAll(async () => {
  if (binary === null) return;
  [database, receiver] = [await createDatabase(), await openReceiver()];
  [server, browser] = [await startServer(environment()), await openBrowser(binary)];
}, STARTED_WITHIN);
afterAll(async () => {
  if (binary === null) return;
  await browser?.close();
  await server?.end('SIGKILL');
  receiver?.server.close();
  await database?.dispose();
});

function environment(): Record<string, string> {
  const { dataDir, databaseUrl } = database.config;
  return { MIEN_DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
}

const isOpen = (id: string) => `document.querySelector('#${id}').open`;
const written = (selector: string) => `document.querySelector('${selector}').value`;

interface Listed {
  name: string;
  kind: string;
  address: string;
  enabled: boolean;
  topics: string[];
  prefix: string | null;
  discoveryPrefix: string | null;
  stream: { name: string } | null;
  rules: object[];
}
const listed = async () =>
  (
    await server.query<{ outputs: { nodes: Listed[] } }>(
      '{ outputs { nodes { name kind address enabled topics prefix discoveryPrefix stream { name } rules { name expression minDuration minConfidence trackNumber } } } }',
    )
  ).outputs.nodes;

async function openDialog(url = server.url): Promise<Page> {
  const page = await browser.open(new URL('/', url).href);
  await page.until(isShown('#board'));
  await page.evaluate(click('#outputs-open'));
  await page.until(`${isOpen('outputs')} && ${text('#outputs-none')} !== 'Asking the server…'`);
  return page;
}

const submit = (page: Page) => page.evaluate(click('#output-form [type=submit]'));
const choose = (name: string, value: string) =>
  `document.querySelector('#output-form [name=${name}][value=${value}]').click()`;

/** Counts in `closings` how often a dialog was closed. */
const noteClosing = (page: Page, id: string) =>
  page.evaluate(
    `window.closings = 0, document.querySelector('#${id}').addEventListener('close', () => closings++), 0`,
  );

test.skipIf(binary === null)(
  'by keyboard alone a webhook with a rule is added, tried and turned on; it is told when the rule holds',
  async () => {
    const page = await browser.open(new URL('/', server.url).href);
    await page.until(isShown('#board'));
    await tabTo(page, '#outputs-open');
    await enter(page);
    await page.until(`${isOpen('outputs')} && ${text('#outputs-none')} === 'No program is told yet.'`);
    expect(await page.evaluate(text('#outputs-stream'))).toBe('Demo');
    await expectAccessible(page, '#outputs');
    expect(await page.evaluate(isFocused('#outputs-add'))).toBe(true);
    await enter(page);
    await page.until(isOpen('output'));
    await tabTo(page, '[name=name]');
    await type(page, 'the lights');
    await tabTo(page, '[name="webhook.url"]');
    await type(page, 'example.org');
    await tabTo(page, '#output-rule-add');
    await enter(page);
    expect(await page.evaluate(isFocused('.rule-expression'))).toBe(true);
    await tabTo(page, '.rule-duration');
    // However few frames a busy machine scores, it is true of one of them.
    for (let pressed = 0; pressed < 2; pressed++) await press(page, 'ArrowDown', 'ArrowDown', 40);
    expect(await page.evaluate(written('.rule-duration'))).toBe('0');
    expect(await page.evaluate(`document.querySelector('.rule-name').placeholder`)).toBe('Happiness');

    // What the server refuses stands beside its field, and nothing of what was written is lost.
    await enter(page);
    await page.until(isShown('#output-problem'));
    expect(await page.evaluate(text('#output-problem'))).toBe(
      '“Address” must be an address of at most 2000 characters, such as https://example.org/hook.',
    );
    expect(await page.evaluate(isFocused('[name="webhook.url"][aria-invalid=true]'))).toBe(true);
    const described = `document.querySelector('[name="webhook.url"]').getAttribute('aria-describedby').includes('output-problem')`;
    expect(await page.evaluate(described)).toBe(true);
    expect(await page.evaluate(written('#output-form [name=name]'))).toBe('the lights');
    expect(await page.evaluate(number('#output-rules li'))).toBe(1);
    await expectAccessible(page, '#output');
    await page.evaluate(`document.activeElement.select()`);
    await type(page, receiver.url);
    await enter(page);

    await page.until(isOpen('output-secret'));
    const secret = await page.evaluate<string>(written('#output-secret-text'));
    expect(secret).toMatch(/^whsec_[A-Za-z\d+/]{43}=$/);
    await expectAccessible(page, '#output-secret');
    // No key that is pressed by mistake takes it away: it is never shown again.
    expect(await page.evaluate(isFocused('#output-secret-copy'))).toBe(true);
    await noteClosing(page, 'output-secret');
    for (let pressed = 0; pressed < 3; pressed++) await press(page, 'Escape', 'Escape', 27);
    await page.evaluate(`document.querySelector('#output-secret-text').focus()`);
    await enter(page);
    expect(await page.evaluate('closings')).toBe(0);
    // Nor does a browser that closes it all the same.
    await page.evaluate(`document.querySelector('#output-secret').close()`);
    await page.until(`closings === 1 && ${isOpen('output-secret')}`);
    expect(await page.evaluate(written('#output-secret-text'))).toBe(secret);
    await tabTo(page, '#output-secret-kept');
    await enter(page);
    await page.until(`!${isOpen('output-secret')} && ${isOpen('outputs')} && ${number('.output')} === 1`);
    expect(await page.evaluate(written('#output-secret-text'))).toBe('');
    expect(await page.evaluate(text('.output .output-rules'))).toBe(
      'When happiness of anyone is seen (Happiness)',
    );
    expect(await page.evaluate(text('.output .state'))).toBe('off');
    expect(await page.evaluate(text('.output .output-where'))).toBe(
      `Webhook to ${new URL(receiver.url).origin}. Of this stream.`,
    );

    await tabTo(page, '.output-try');
    await enter(page);
    await page.until(
      `/^Tried: It was taken, with the status 204\\. \\(\\d+ ms\\)$/.test(${text('.output-said')})`,
    );
    const [example] = receiver.received;
    const signed = new Webhook(secret).verify(example!.body, example!.headers as Record<string, string>);
    expect(signed).toMatchObject({ type: 'mien.test' });
    receiver.status = 403;
    await enter(page);
    await page.until(
      `/answered 403: it does not allow this.* It said: not today$/.test(${text('.output-said')})`,
    );
    await expectAccessible(page, '#outputs');
    receiver.status = 204;

    await tabTo(page, '.output-switch');
    await enter(page);
    await page.until(`${text('.output .state')} === 'ready' && ${text('.output-switch')} === 'Turn off'`);
    const told = () => receiver.received.map(({ body }) => JSON.parse(body));
    await expect
      .poll(() => told().find(({ type: kind }) => kind === 'rule.began')?.data.rule, { timeout: 60_000 })
      .toMatchObject({ name: 'Happiness', apparentExpression: 'HAPPINESS', minDuration: 0 });
    // How it is doing is asked again and again.
    await page.until(`/^[1-9]\\d* messages? delivered, 0 given up/.test(${text('.output-counts')})`);
    expect(page.complaints.filter((one) => !one.includes('graphql'))).toEqual([]);
  },
  STARTED_WITHIN,
);

test.skipIf(binary === null)(
  'an output is changed where it was changed alone: what is secret stays, and is not shown',
  async () => {
    const page = await openDialog();
    await page.evaluate(click('.output-edit'));
    await page.until(isOpen('output'));
    expect(await page.evaluate(written('#output-form [name=name]'))).toBe('the lights');
    expect(await page.evaluate(written('[name="webhook.url"]'))).toBe('');
    expect(await page.evaluate(written('.rule-name'))).toBe('Happiness');
    expect(await page.evaluate(isShown('#output-form [name=kind]'))).toBe(false);
    await expectAccessible(page, '#output');
    for (const [selector, value] of [
      ['.rule-duration', '3'],
      ['.rule-confidence', '60'],
      ['.rule-whom', 'face'],
      ['.rule-track', '2'],
      ['.rule-name', 'joy'],
    ] as const)
      await page.evaluate(fill(selector, value));
    await page.evaluate(choose('topics', 'COVERAGE'));
    await submit(page);
    await page.until(`!${isOpen('output')} && /joy/.test(${text('.output-rules')})`);
    expect(await page.evaluate(text('.output-rules'))).toBe(
      'When happiness of face 2 lasts 3 s, with a confidence of 60 % or more (joy)',
    );
    const rule = { name: 'joy', expression: 'HAPPINESS', minDuration: 3, minConfidence: 0.6, trackNumber: 2 };
    expect(await listed()).toMatchObject([
      { enabled: true, rules: [rule], topics: ['EPISODES', 'STATES'], stream: { name: 'Demo' } },
    ]);
    // It goes where it went: its address and secret were not touched.
    const before = receiver.received.length;
    await page.evaluate(click('.output-try'));
    await page.until(`/^Tried: It was taken/.test(${text('.output-said')})`);
    // What happens in the stream may be told behind it.
    const since = receiver.received.slice(before).map(({ body }) => body);
    expect(since.filter((body) => body.includes('mien.test'))).toHaveLength(1);
    expect(page.complaints).toEqual([]);
  },
);

test.skipIf(binary === null)(
  'brokers and receivers of OSC are added with their fields; nothing that was written is lost while the server is away',
  async () => {
    const page = await openDialog();
    const before = (await listed()).length;
    await page.evaluate(click('#outputs-add'));
    await page.evaluate(choose('kind', 'MQTT'));
    await expectAccessible(page, '#output');
    for (const [name, value] of [
      ['name', 'the house'],
      ['"mqtt.url"', 'mqtt://127.0.0.1:1'],
      ['"mqtt.username"', 'mien'],
      ['"mqtt.password"', 'a-password'],
      ['"mqtt.prefix"', 'home/+'],
    ] as const)
      await page.evaluate(fill(`#output-form [name=${name}]`, value));
    await page.evaluate(choose('scope', 'all'));
    await submit(page);
    await page.until(`/^“Topics begin with” must be/.test(${text('#output-problem')})`);
    await page.evaluate(fill('[name="mqtt.prefix"]', 'home'));
    const offline = (is: boolean) =>
      page.command('Network.emulateNetworkConditions', {
        ...{ offline: is, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
      });
    await offline(true);
    await submit(page);
    await page.until(`${isShown('#output-problem')} && !/begin with/.test(${text('#output-problem')})`);
    expect(await page.evaluate(text('#output-problem'))).toContain('may or may not have been saved');
    expect(await page.evaluate(isOpen('output'))).toBe(true);
    await offline(false);
    await submit(page);
    await page.until(`!${isOpen('output')} && ${number('.output')} === ${before + 1}`);
    // Nothing that is secret stays in the page.
    expect(await page.evaluate(written('[name="mqtt.password"]'))).toBe('');
    expect(await page.evaluate(text('#outputs-said'))).toBe(
      '“\u2068the house\u2069” was added. It is off: try it, and turn it on.',
    );

    await page.evaluate(click('#outputs-add'));
    await page.evaluate(choose('kind', 'OSC'));
    expect(await page.evaluate(written('#output-form [name=name]'))).toBe('');
    await page.evaluate(fill('#output-form [name=name]', 'the stage'));
    // What was written for another kind, and cannot be seen any more, holds nothing up.
    await page.evaluate(choose('kind', 'MQTT'));
    await page.evaluate(fill('[name="mqtt.momentInterval"]', '99999'));
    await page.evaluate(choose('kind', 'OSC'));
    await page.evaluate(fill('[name="osc.host"]', '127.0.0.1'));
    await page.evaluate(fill('[name="osc.port"]', '9000'));
    for (const topic of ['EPISODES', 'STATES', 'COVERAGE', 'MOMENTS'])
      await page.evaluate(choose('topics', topic));
    await submit(page);
    await page.until(`/^An output must be told of something/.test(${text('#output-problem')})`);
    expect(await page.evaluate(`document.activeElement.name`)).toBe('topics');
    await page.evaluate(choose('topics', 'MOMENTS'));
    await submit(page);
    await page.until(`!${isOpen('output')} && ${number('.output')} === ${before + 2}`);
    expect((await listed()).slice(before)).toMatchObject([
      {
        ...{ name: 'the house', kind: 'MQTT', address: 'mqtt://127.0.0.1:1', prefix: 'home', stream: null },
        ...{ discoveryPrefix: 'homeassistant', topics: ['EPISODES', 'STATES', 'COVERAGE', 'MOMENTS'] },
      },
      { kind: 'OSC', address: 'osc.udp://127.0.0.1:9000', prefix: '/mien', topics: ['MOMENTS'] },
    ]);

    // Changed by halves, what was not written stays.
    await page.evaluate(click('.output:last-child .output-edit'));
    expect(await page.evaluate(written('[name="osc.host"]'))).toBe('127.0.0.1');
    await page.evaluate(fill('[name="osc.port"]', '9001'));
    await submit(page);
    await page.until(`!${isOpen('output')}`);
    expect((await listed()).at(-1)).toMatchObject({ address: 'osc.udp://127.0.0.1:9001', prefix: '/mien' });
  },
);

test.skipIf(binary === null)(
  'what comes of an output is told, and its secret shown, though the dialogs were closed meanwhile',
  async () => {
    const way = await openWay(Number(new URL(server.url).port));
    onTestFinished(() => way.close());
    const page = await openDialog(way.url);
    const addAndClose = async (name: string, url: string) => {
      await page.evaluate(click('#outputs-add'));
      await page.evaluate(fill('#output-form [name=name]', name));
      await page.evaluate(fill('[name="webhook.url"]', url));
      way.holdAnswersTo('DashboardAddOutput');
      await submit(page);
      for (const id of ['output', 'outputs']) await page.evaluate(`document.querySelector('#${id}').close()`);
    };
    await addAndClose('early', receiver.url);
    way.holdAnswersTo(null);
    await page.until(isOpen('output-secret'));
    expect(await page.evaluate(written('#output-secret-text'))).toMatch(/^whsec_/);
    await page.evaluate(click('#output-secret-kept'));

    await page.evaluate(click('#outputs-open'));
    await page.until(`${isOpen('outputs')} && /early/.test(${text('#outputs-list')})`);
    await addAndClose('late', 'example.org');
    way.holdAnswersTo(null);
    await page.until(`/^“.late.” was not saved\\. /.test(${text('#problem')})`);
    await page.evaluate(click('#outputs-open'));
    expect(await page.evaluate(text('#outputs-said'))).toMatch(/late.* was not saved/);
    await page.evaluate(`document.querySelector('#outputs').close()`);
    await page.evaluate(click('#outputs-open'));
    expect(await page.evaluate(text('#outputs-said'))).toBe('');
  },
);

test.skipIf(binary === null)('an output is removed after a question, and not without', async () => {
  const page = await openDialog();
  const before = (await listed()).length;
  // By keyboard: browsers count what they open for a key that was pressed as one, and Escape closes that alone.
  await tabTo(page, '.output-remove');
  await enter(page);
  await page.until(isOpen('confirm'));
  expect(await page.evaluate(text('#confirm-text'))).toContain('the lights');
  await expectAccessible(page, '#confirm');
  await press(page, 'Escape', 'Escape', 27);
  await page.until(`!${isOpen('confirm')}`);
  expect(await listed()).toHaveLength(before);
  expect(await page.evaluate(`${isOpen('outputs')} && ${isFocused('.output-remove')}`)).toBe(true);
  await enter(page);
  await page.until(isOpen('confirm'));
  await tabTo(page, '#confirm [value=remove]');
  await enter(page);
  await page.until(
    `${text('#outputs-said')} === '“\u2068the lights\u2069” was removed.' && ${number('.output')} === ${before - 1}`,
  );
  expect(await listed()).toHaveLength(before - 1);
  expect(await page.evaluate(isFocused('#outputs-add'))).toBe(true);

  // Where another place is shown, what was opened of this one is closed.
  await enter(page);
  await page.until(isOpen('output'));
  await page.evaluate(`location.hash = '#/wall'`);
  await page.until(`!${isOpen('output')} && !${isOpen('outputs')}`);
});

test.skipIf(binary === null)(
  'an operator is told beside the address that a private one is an admin’s to give; a viewer is offered nothing',
  async () => {
    await server.end('SIGTERM');
    const tokens = [];
    for (const role of ['operator', 'viewer']) {
      const made = await run(['token', 'create', '--name', role, '--role', role], {
        PATH: process.env.PATH ?? '',
        ...environment(),
      });
      tokens.push(made.stdout.trim());
    }
    server = await startServer(environment());
    const page = await browser.open('about:blank');
    const signIn = async (token: string) => {
      await page.command('Network.clearBrowserCookies');
      await page.command('Page.navigate', { url: new URL('/sign-in', server.url).href });
      await page.until(isShown('#token-form'));
      await page.evaluate(fill('#token', token));
      await page.evaluate(click('#token-form [type=submit]'));
      await page.until(`location.pathname === '/' && ${isShown('#board')}`);
    };
    await signIn(tokens[0]!);
    await page.evaluate(click('#outputs-open'));
    await page.until(isOpen('outputs'));
    await page.evaluate(click('#outputs-add'));
    await page.evaluate(fill('#output-form [name=name]', 'inside'));
    await page.evaluate(fill('[name="webhook.url"]', receiver.url));
    await submit(page);
    await page.until(`/only an admin who is shown all streams/.test(${text('#output-problem')})`);
    expect(await page.evaluate(isFocused('[name="webhook.url"][aria-invalid=true]'))).toBe(true);
    expect(await page.evaluate(written('[name="webhook.url"]'))).toBe(receiver.url);
    // What an admin gave may be kept by who may not give it: it is not sent again with what was changed.
    await page.evaluate(`document.querySelector('#output').close()`);
    await page.until(`${text('.output .name')} === 'the house'`);
    await page.evaluate(click('.output-edit'));
    await page.evaluate(fill('#output-form [name=name]', 'the whole house'));
    await submit(page);
    await page.until(`!${isOpen('output')} && ${text('.output .name')} === 'the whole house'`);
    await signIn(tokens[1]!);
    expect(await page.evaluate(isShown('#outputs-open'))).toBe(false);
  },
  STARTED_WITHIN,
);
