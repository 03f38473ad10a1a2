/** What a foreign page in a real browser gets out of this server: nothing, and nothing is done for it. */
import { readdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moment, openTestApi, STREAM, type TestApi, until } from '../api/harness.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';

const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to open a foreign page in');

/** Reads whatever its own origin, or this base, gives it. */
const READ_ALL = `async (base) => {
  const told = {};
  const read = async (name, path, options) => {
    told[name] = await fetch(base + path, options).then((response) => response.text(), (error) => 'nothing: ' + error);
  };
  const json = { 'content-type': 'application/json' };
  const query = JSON.stringify({ query: '{ __schema { queryType { name } } }' });
  await read('dashboard', '/');
  await read('script', '/web/client.js');
  await read('GraphiQL', '/graphql', { headers: { accept: 'text/html' } });
  await read('query', '/graphql', { method: 'POST', headers: json, body: query });
  await read('query as text', '/graphql', { method: 'POST', body: query });
  await read('query by GET', '/graphql?query={__typename}', { headers: { 'x-requested-with': 'x' } });
  await read('metrics', '/metrics');
  await read('health', '/health');
  await read('upload', '/uploads', { method: 'POST', headers: { 'content-type': 'video/mp4' }, body: 'frames' });
  told.socket = await new Promise((resolve) => {
    const socket = new WebSocket(base.replace('http', 'ws') + '/graphql', 'graphql-transport-ws');
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('nothing: refused');
  });
  told.events = await new Promise((resolve) => {
    const source = new EventSource(base + '/graphql?query=subscription{frameEmotions{seq}}');
    source.onopen = () => resolve('open');
    source.onerror = () => resolve('nothing: refused');
  });
  return told;
}`;

const ATTACK = '<!doctype html><title>attack</title>';

/** Gives a page of its own at /attack; what else it is asked for goes to mien, as if its name now led there. */
async function openRebound(mien: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      if (String(first).startsWith('GET /attack')) {
        const head = `content-type: text/html\r\nconnection: close\r\ncontent-length: ${ATTACK.length}`;
        socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${ATTACK}`);
        return;
      }
      const onward = connect(mien, '127.0.0.1').on('error', () => socket.destroy());
      onward.write(first);
      socket.pipe(onward).pipe(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe.skipIf(binary === null)('a foreign page', () => {
  let api: TestApi;
  let browser: Browser;
  const rebound: Server[] = [];
  beforeAll(async () => {
    api = await openTestApi({}, { host: '0.0.0.0' });
    browser = await openBrowser(binary!, ['MAP evil.example 127.0.0.1']);
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
    for (const server of rebound) server.close();
  });

  const attack = async (): Promise<Page> => {
    const server = await openRebound(Number(new URL(api.url).port));
    rebound.push(server);
    const { port } = server.address() as AddressInfo;
    const page = await browser.open(`http://evil.example:${port}/attack`);
    await page.until(`document.title === 'attack'`);
    return page;
  };

  it('whose name was pointed at this machine reads nothing', async () => {
    const page = await attack();
    const told = await page.evaluate<Record<string, string>>(`(${READ_ALL})(location.origin)`);
    expect(Object.keys(told).length).toBe(11);
    for (const [what, text] of Object.entries(told))
      expect(text, what).toMatch(
        /^(?:nothing: |\{"errors":\[\{"message":"[^{}]*","extensions":\{"code":"HOST_REFUSED"\}\}\]\}\n$)/,
      );
    expect(await readdir(api.uploadsDir)).toEqual([]);
    expect(api.bus.subscribers).toBe(0);
  });

  it('reads nothing from localhost either, and its forms and frames do nothing', async () => {
    const page = await attack();
    const base = api.url.replace('127.0.0.1', 'localhost');
    const told = await page.evaluate<Record<string, string>>(`(${READ_ALL})('${base}')`);
    for (const [what, text] of Object.entries(told)) expect(text, what).toMatch(/^nothing: /);
    await page.evaluate(`Promise.all(['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'].map((type) => {
      const send = (path, body) =>
        fetch('${base}' + path, { method: 'POST', mode: 'no-cors', headers: { 'content-type': type }, body }).catch(() => {});
      return Promise.all([send('/uploads', 'frames'), send('/graphql', '{"query":"{ __typename }"}')]);
    }))`);
    const framed = await page.evaluate<string>(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.src = '${base}/graphql';
      frame.onload = () => resolve(frame.contentWindow.length + ' ' + (frame.contentDocument === null));
      document.body.append(frame);
    })`);
    expect(framed).toBe('0 true');
    await until(
      () => page.complaints.some((one) => /frame-ancestors|X-Frame-Options/i.test(one)),
      'the frame is refused',
    );
    expect(await readdir(api.uploadsDir)).toEqual([]);
    expect(api.bus.subscribers).toBe(0);
  });

  it('as opposed to GraphiQL, which shows moments as they come', async () => {
    const page = await browser.open(`${api.url}/graphql`);
    await page.until(`document.querySelector('.graphiql-execute-button') !== null`);
    await page.until(`document.querySelector('.graphiql-editor .view-line') !== null`);
    await page.evaluate(`document.querySelector('.graphiql-execute-button').click()`);
    await until(() => api.bus.subscribers === 1, 'GraphiQL has subscribed');
    api.bus.moment(STREAM, moment(7), 0);
    await page.until(`document.querySelector('.result-window').innerText.includes('HAPPINESS')`);
    // The page's own policy holds nothing back that it needs.
    expect(page.complaints).toEqual([]);
  });
});
