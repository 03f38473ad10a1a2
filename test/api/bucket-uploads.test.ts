/** Uploads into a bucket, in one request and by tus: under the same rules as into a directory, and nothing is left of what fails. */
import { randomBytes } from 'node:crypto';
import { Upload } from 'tus-js-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBucketFiles } from '../../src/api/uploads/bucket-files.ts';
import type { UploadBucket } from '../../src/bucket/index.ts';
import { beforeEachBucket, openBucket } from '../helpers/bucket.ts';
import type { S3Server } from '../helpers/s3-server.ts';
import { openTestApi, type TestApi, until } from './harness.ts';

const MB = 2 ** 20;
const MAX = 16 * MB;
const VIDEO = randomBytes(12 * MB + 5);
const TUS = { 'tus-resumable': '1.0.0' };

let s3: S3Server;
let bucket: UploadBucket;
let api: TestApi;
beforeEachBucket((opened) => ({ s3, bucket } = opened));
beforeEach(async () => {
  api = await openTestApi(
    {},
    { uploads: openBucketFiles(bucket), maxUpload: MAX, limits: { uploadDisk: 30 * MB } },
  );
});
afterEach(() => api.close());

const names = () => [...s3.objects.keys()].sort();
const post = (body: BodyInit, more: Record<string, string> = {}) => {
  const headers = { 'x-requested-with': 'test', ...more };
  return fetch(`${api.url}/uploads`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
};
const errorOf = async (response: Response) => {
  const { errors } = (await response.json()) as {
    errors: { message: string; extensions: { code: string } }[];
  };
  return { status: response.status, code: errors[0]!.extensions.code, message: errors[0]!.message };
};
const tokenOf = async (response: Response) => ((await response.json()) as { token: string }).token;

test('a video comes in as a body and as a file of a form, and is there under its token alone', async () => {
  const plain = await post(VIDEO as BodyInit);
  expect(plain.status).toBe(201);
  const token = await tokenOf(plain);
  expect(s3.objects.get(`mien/${token}`)!.bytes.equals(VIDEO)).toBe(true);
  const form = new FormData();
  form.set('note', 'hello');
  form.set('file', new Blob(['frames']), '../../etc/passwd');
  const sent = await tokenOf(await post(form));
  expect(String(s3.objects.get(`mien/${sent}`)!.bytes)).toBe('frames');
  expect(names()).toEqual([`mien/${token}`, `mien/${sent}`].sort());
  expect(s3.multiparts.size).toBe(0);
});

test('what is too large, empty, broken off or too much for the disk leaves no part behind', async () => {
  const endless = (chunk: number) =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(chunk)) });
  const tooLarge = await post(endless(MB)).then(errorOf, () => null);
  if (tooLarge !== null) expect(tooLarge).toMatchObject({ status: 413, code: 'UPLOAD_TOO_LARGE' });
  expect(await errorOf(await post(''))).toMatchObject({ status: 400, code: 'BAD_INPUT' });
  const leaving = new AbortController();
  let sent = 0;
  const body = new ReadableStream({
    async pull(controller) {
      sent += 1;
      if (sent > 7) await new Promise(() => {});
      controller.enqueue(new Uint8Array(MB));
    },
  });
  const headers = { 'x-requested-with': 'test' };
  const broken = fetch(`${api.url}/uploads`, {
    ...{ method: 'POST', body, headers, duplex: 'half', signal: leaving.signal },
  } as RequestInit).catch(() => 'left');
  await until(() => s3.multiparts.size === 1, 'its first part has come');
  leaving.abort();
  expect(await broken).toBe('left');
  await until(() => s3.multiparts.size === 0, 'its parts are given up');
  for (let i = 0; i < 2; i++) expect((await post(VIDEO as BodyInit)).status).toBe(201);
  expect(await errorOf(await post(VIDEO as BodyInit))).toMatchObject({ status: 507, code: 'UPLOADS_FULL' });
  await until(() => s3.multiparts.size === 0, 'nothing is left of it');
  expect(names().length).toBe(2);
});

test('by tus an upload goes on at another server, and is an upload like any other', async () => {
  const otherBucket = openBucket(s3);
  const other = await openTestApi({}, { uploads: openBucketFiles(otherBucket), maxUpload: MAX });
  const created = await fetch(`${api.url}/uploads`, {
    ...{ method: 'POST', headers: { ...TUS, 'upload-length': String(VIDEO.length) } },
  });
  expect(created.status).toBe(201);
  const token = created.headers.get('location')!.split('/').at(-1)!;
  const patch = (url: string, from: number, to: number) =>
    fetch(`${url}/uploads/${token}`, {
      method: 'PATCH',
      headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(from) },
      body: VIDEO.subarray(from, to) as BodyInit,
    });
  const head = async (url: string) => {
    const { status, headers } = await fetch(`${url}/uploads/${token}`, { method: 'HEAD', headers: TUS });
    return [status, Number(headers.get('upload-offset'))];
  };
  expect((await patch(api.url, 0, 7 * MB)).status).toBe(204);
  expect(await head(other.url)).toEqual([200, 7 * MB]);
  expect((await patch(other.url, 6 * MB, 8 * MB)).status).toBe(409);
  expect((await patch(other.url, 7 * MB, VIDEO.length)).status).toBe(204);
  expect(await head(api.url)).toEqual([200, VIDEO.length]);
  expect(names()).toEqual([`mien/${token}`]);
  expect(s3.objects.get(`mien/${token}`)!.bytes.equals(VIDEO)).toBe(true);
  // A stream of some server uses it.
  await bucket.mark(token, '1-1');
  const remove = (url: string) => fetch(`${url}/uploads/${token}`, { method: 'DELETE', headers: TUS });
  expect((await remove(other.url)).status).toBe(409);
  await bucket.unmark(token, '1-1');
  expect((await remove(other.url)).status).toBe(204);
  expect(names()).toEqual([]);
  await other.close();
  otherBucket.close();
});

test('by tus nothing is laid behind what another server brought between two looks', async () => {
  const created = await fetch(`${api.url}/uploads`, {
    ...{ method: 'POST', headers: { ...TUS, 'upload-length': '6' } },
  });
  const token = created.headers.get('location')!.split('/').at(-1)!;
  const rest = `mien/unfinished/${token}.rest-0`;
  const patch = (from: number, text: string) =>
    fetch(`${api.url}/uploads/${token}`, {
      method: 'PATCH',
      headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(from) },
      body: text,
    });
  // The request that broke off ends there behind our look, and keeps what came of it.
  s3.fault = ({ method, key }) => {
    if (method === 'HEAD' && key === rest)
      setImmediate(() => s3.objects.set(rest, { bytes: Buffer.from('abc'), modified: new Date() }));
    return undefined;
  };
  expect((await patch(0, 'abcd')).status).toBe(409);
  s3.fault = () => undefined;
  expect((await patch(3, 'def')).status).toBe(204);
  expect(String(s3.objects.get(`mien/${token}`)!.bytes)).toBe('abcdef');
});

test('a tus client that cancels in the middle leaves nothing behind', async () => {
  const upload = new Upload(VIDEO, {
    ...{ endpoint: `${api.url}/uploads`, chunkSize: 2 * MB },
    onChunkComplete: () => void upload.abort(true),
  });
  upload.start();
  await until(() => s3.multiparts.size === 1, 'it has begun');
  await until(() => s3.multiparts.size === 0 && names().length === 0, 'it is removed');
});

test('while the storage is away or refuses, uploads are told so, and what came by tus before is kept', async () => {
  const created = await fetch(`${api.url}/uploads`, {
    ...{ method: 'POST', headers: { ...TUS, 'upload-length': '3' } },
  });
  const address = `${api.url}/uploads/${created.headers.get('location')!.split('/').at(-1)}`;
  const patch = (from: number, text: string) =>
    fetch(address, {
      method: 'PATCH',
      headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(from) },
      body: text,
    });
  expect((await patch(0, 'ab')).status).toBe(204);
  s3.fault = () => 403;
  const refused = await errorOf(await post('video'));
  expect(refused).toMatchObject({ status: 503, code: 'UPLOADS_UNAVAILABLE' });
  expect(refused.message).toContain('grant them s3:ListBucket');
  s3.fault = () => undefined;
  await s3.away();
  for (const response of [await post('video'), await patch(2, 'c')]) {
    const away = await errorOf(response);
    expect(away).toMatchObject({ status: 503, code: 'UPLOADS_UNAVAILABLE' });
    expect(away.message).toContain('refuses connections; check that the storage runs');
  }
  await s3.back();
  expect((await patch(2, 'c')).status).toBe(204);
  expect(names().length).toBe(1);
  expect((await post('video')).status).toBe(201);
});
