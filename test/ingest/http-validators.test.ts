/** What a web server tells of what it has, so that one knows whether it is still the same. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { httpValidatorsOf } from '../../src/ingest/network/http/http-validators.ts';
import { createSafeConnector } from '../../src/ingest/network/safe-connect.ts';

const connector = createSafeConnector({ allowPrivate: true, connectSeconds: 5 });

/** By path: status, headers and body of each answer. */
async function serverOf(answers: Record<string, [number, Record<string, string>, string]>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const [status, headers, body] = answers[url] ?? [404, { etag: '"none"' }, ''];
    response.writeHead(status, headers).end(body);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const stateAt = (address: string, signal = new AbortController().signal) =>
  httpValidatorsOf(new URL(address), connector, signal);

test('size, date and tag, whether it sends a part or all, and where it redirects to', async () => {
  const at = await serverOf({
    '/part': [206, { etag: '"1"', 'content-range': 'bytes 0-31/4000', 'content-length': '4' }, 'part'],
    '/all': [200, { 'last-modified': 'Sat, 28 Nov 2026 00:00:00 GMT', 'content-length': '3' }, 'all'],
    '/moved': [302, { location: '/part' }, ''],
    '/silent': [200, {}, 'all'],
  });
  expect(await stateAt(`${at}/part`)).toEqual({ size: 4000, modified: null, etag: '"1"' });
  expect(await stateAt(`${at}/moved`)).toEqual({ size: 4000, modified: null, etag: '"1"' });
  expect(await stateAt(`${at}/all`)).toEqual({
    ...{ size: 3, modified: 'Sat, 28 Nov 2026 00:00:00 GMT', etag: null },
  });
  expect(await stateAt(`${at}/silent`)).toEqual({ size: null, modified: null, etag: null });
});

test('nothing is known of a playlist, of what is not there, and of whom one does not wait for', async () => {
  const at = await serverOf({ '/live': [200, { etag: '"1"' }, '#EXTM3U\n#EXT-X-VERSION:3\n'] });
  expect(await stateAt(`${at}/live`)).toBeNull();
  expect(await stateAt(`${at}/none`)).toBeNull();
  expect(await stateAt('http://127.0.0.1:1/')).toBeNull();
  expect(await stateAt(`${at}/live`, AbortSignal.abort())).toBeNull();
});
