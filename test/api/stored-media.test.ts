/** A recording in a bucket is played through the API, by the ranges that players ask for; nothing of the bucket is in the answer. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMediaEndpoint } from '../../src/api/media/media-endpoint.ts';
import type { RecordedFile } from '../../src/domain/recorded-file.ts';
import { MienError } from '../../src/errors.ts';
import { type OpenEndpoint, openEndpoint, REQUESTER } from './endpoint.ts';

const PATH = '/media/sessions/0190b0f0-0000-7000-8000-000000000002';
const VIDEO = Buffer.from('\0\0\0\x20ftypisom, and more of it', 'latin1');
const MODIFIED = new Date('2026-11-30T12:00:00Z');

let endpoint: OpenEndpoint;
/** What the bucket answers. */
let read: (first: number, last: number) => Promise<Readable | null>;
let find: () => Promise<RecordedFile | null>;
beforeEach(async () => {
  read = async (first, last) => Readable.from([VIDEO.subarray(first, last + 1)]);
  find = async () => ({
    ...{ size: VIDEO.length, etag: '"one"', modified: MODIFIED },
    read: (first, last) => read(first, last),
  });
  endpoint = await openEndpoint(({ audit, log }) => {
    const prisma = { session: { findUnique: async () => ({ stream: { source: {} } }) } };
    const createContext = () => ({ prisma, audit, recordedFile: () => find() }) as never;
    const handle = createMediaEndpoint({ createContext, log });
    return (request, response, path) => handle(request, response, path, REQUESTER);
  });
});
afterEach(() => endpoint.close());

const get = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(endpoint.url + PATH, { method, headers });
const text = async (response: Response) => Buffer.from(await response.arrayBuffer()).toString('latin1');

test.each([
  [{}, 200, 0, VIDEO.length],
  [{ range: 'bytes=4-7' }, 206, 4, 8],
  [{ range: 'bytes=4-' }, 206, 4, VIDEO.length],
  [{ range: 'bytes=-3' }, 206, VIDEO.length - 3, VIDEO.length],
  [{ range: 'bytes=4-9999' }, 206, 4, VIDEO.length],
  [{ range: 'bytes=0-1,4-5' }, 200, 0, VIDEO.length],
  [{ range: 'bytes=4-7', 'if-range': '"one"' }, 206, 4, 8],
  [{ range: 'bytes=4-7', 'if-range': MODIFIED.toUTCString() }, 206, 4, 8],
  [{ range: 'bytes=4-7', 'if-range': '"another"' }, 200, 0, VIDEO.length],
  [{ 'if-match': '"other", "one"' }, 200, 0, VIDEO.length],
] as const)('asked with %o: %i, from %i up to %i', async (asked, status, first, end) => {
  const answer = await get(asked);
  expect([answer.status, await text(answer)]).toEqual([status, VIDEO.toString('latin1', first, end)]);
  const headers = Object.fromEntries(answer.headers);
  expect(headers).toMatchObject({
    ...{ 'content-type': 'video/mp4', 'content-length': String(end - first), etag: '"one"' },
    ...{ 'accept-ranges': 'bytes', 'cache-control': 'private, no-store' },
    ...(status === 206 && { 'content-range': `bytes ${first}-${end - 1}/${VIDEO.length}` }),
  });
  expect(endpoint.audited).toMatchObject([{ action: 'EXPORT', detail: { format: 'video/mp4' } }]);
});

test.each([
  [{ range: 'bytes=999-' }, 416],
  [{ range: 'bytes=7-4' }, 416],
  [{ 'if-match': '"another"' }, 412],
] as const)('asked with %o nothing is sent: %i', async (asked, status) => {
  const answer = await get(asked);
  expect([answer.status, await text(answer), endpoint.audited]).toEqual([status, '', []]);
});

test('HEAD tells the same without bytes, and is not in the audit', async () => {
  const answer = await get({}, 'HEAD');
  expect([answer.status, answer.headers.get('content-length'), answer.headers.get('content-type')]).toEqual([
    ...[200, String(VIDEO.length), 'video/mp4'],
  ]);
  expect(endpoint.audited).toEqual([]);
});

test('one that went meanwhile is not there; storage that is away is told with what to check', async () => {
  const errorOf = async () => {
    const answer = await get();
    const { errors } = (await answer.json()) as { errors: [{ extensions: { code: string } }] };
    return [answer.status, errors[0].extensions.code];
  };
  read = async () => null;
  expect(await errorOf()).toEqual([404, 'NOT_FOUND']);
  let reads = 0;
  read = async (first, last) => (reads++ === 0 ? Readable.from([VIDEO.subarray(first, last + 1)]) : null);
  expect(await errorOf()).toEqual([404, 'NOT_FOUND']);
  find = async () => {
    throw new MienError('UPLOADS_UNAVAILABLE', 'The storage is away.');
  };
  expect(await errorOf()).toEqual([503, 'UPLOADS_UNAVAILABLE']);
  find = async () => null;
  expect(await errorOf()).toEqual([404, 'NOT_FOUND']);
  expect(endpoint.logged).toEqual([]);
});

test('what breaks off in the bucket breaks off for who plays it', async () => {
  read = async (first, last) => {
    if (first === 0 && last < 20) return Readable.from([VIDEO.subarray(first, last + 1)]);
    return Readable.from(
      (async function* () {
        yield VIDEO.subarray(0, 10);
        throw new Error('reset');
      })(),
    );
  };
  const answer = await get();
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(endpoint.logged.length).toBe(1);
});
