/** Uploads by the tus protocol: gone on with after a break, stopped and removed when asked, and under the same limits. */
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestApi, type TestApi, until } from './harness.ts';

const MAX = 200_000;
const VIDEO = randomBytes(100_000);
const TUS = { 'tus-resumable': '1.0.0' };

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi(
    {},
    { maxUpload: MAX, limits: { uploadDisk: 250_000 }, allowedOrigins: ['https://friend.example'] },
  );
});
afterEach(() => api.close());

const files = () => readdir(api.uploadsDir);
const create = (length: number | string, more: Record<string, string> = {}) =>
  fetch(`${api.url}/uploads`, {
    method: 'POST',
    headers: { ...TUS, 'upload-length': String(length), ...more },
  });
const addressOf = (response: Response) => new URL(response.headers.get('location')!, `${api.url}/`).href;
const patch = (address: string, offset: number, body: Uint8Array, more: Record<string, string> = {}) =>
  fetch(address, {
    method: 'PATCH',
    headers: {
      ...TUS,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...more,
    },
    body: body as BodyInit,
  });
const head = async (address: string) => {
  const { status, headers } = await fetch(address, { method: 'HEAD', headers: TUS });
  return {
    status,
    offset: Number(headers.get('upload-offset')),
    length: Number(headers.get('upload-length')),
  };
};
const codeOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return [response.status, errors[0]!.extensions.code];
};

test('an empty file is told to be empty, and one of unknown length to have none', async () => {
  const sentence = async (response: Response) => {
    const { errors } = (await response.json()) as { errors: { message: string }[] };
    return [response.status, errors[0]!.message];
  };
  expect(await sentence(await create(0))).toEqual([400, 'The file is empty; choose another.']);
  const deferred = fetch(`${api.url}/uploads`, {
    method: 'POST',
    headers: { ...TUS, 'upload-defer-length': '1' },
  });
  expect(await sentence(await deferred)).toEqual([400, expect.stringContaining('`upload-length`')]);
});

test('an upload by a tus client is an upload like any other, under the token in its address', async () => {
  const url = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(VIDEO, {
      ...{ endpoint: `${api.url}/uploads`, chunkSize: 30_000, metadata: { filename: '../../etc/passwd' } },
      onSuccess: () => resolve(upload.url!),
      onError: reject,
    });
    upload.start();
  });
  const token = url.split('/').at(-1)!;
  expect(url).toBe(`${api.url}/uploads/${token}`);
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(await files()).toEqual([token]);
  expect(VIDEO.equals(await readFile(join(api.uploadsDir, token)))).toBe(true);
  expect((await stat(join(api.uploadsDir, token))).mode & 0o777).toBe(0o600);
});

test('an upload whose server ended between its last byte and its name is finished when it is asked after', async () => {
  const address = addressOf(await create(VIDEO.length));
  const token = address.split('/').at(-1)!;
  await writeFile(join(api.uploadsDir, `.tus-${token}`), VIDEO);
  expect(await head(address)).toEqual({ status: 200, offset: VIDEO.length, length: VIDEO.length });
  expect(await files()).toEqual([token]);
});

test('an upload that was cut off goes on from where it was, and is known to be done', async () => {
  const created = await create(VIDEO.length);
  expect(created.status).toBe(201);
  const address = addressOf(created);
  const { pathname, port } = new URL(address);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `PATCH ${pathname} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${VIDEO.length}\r\n\r\n`,
  );
  socket.write(VIDEO.subarray(0, 60_000));
  const [part = ''] = (await files()).filter((name) => !name.endsWith('.json'));
  const sizeOf = async () => (await stat(join(api.uploadsDir, part))).size;
  await until(async () => (await sizeOf()) > 0, 'some of it is on the disk');
  socket.destroy();
  const { offset, length } = await head(address);
  expect(length).toBe(VIDEO.length);
  expect(offset).toBeGreaterThan(0);
  expect(offset).toBeLessThanOrEqual(60_000);
  const rest = await patch(address, offset, VIDEO.subarray(offset));
  expect(rest.status).toBe(204);
  const token = pathname.split('/').at(-1)!;
  expect(await files()).toEqual([token]);
  expect(VIDEO.equals(await readFile(join(api.uploadsDir, token)))).toBe(true);
  expect(await head(address)).toEqual({ status: 200, offset: VIDEO.length, length: VIDEO.length });
});

test('cancelling stops an upload and removes it, also while it is coming in', async () => {
  const upload = new Upload(VIDEO, {
    ...{ endpoint: `${api.url}/uploads`, chunkSize: 10_000 },
    onChunkComplete: () => void upload.abort(true),
  });
  upload.start();
  await until(async () => (await files()).length > 0, 'it has begun');
  await until(async () => (await files()).length === 0, 'it is removed');
  const address = addressOf(await create(VIDEO.length));
  expect((await patch(address, 0, VIDEO.subarray(0, 10))).status).toBe(204);
  expect((await fetch(address, { method: 'DELETE', headers: TUS })).status).toBe(204);
  expect(await files()).toEqual([]);
  expect((await head(address)).status).toBe(404);
});

test('cancelling when all is there removes it, unless a stream has taken it', async () => {
  const whole = async () => {
    const address = addressOf(await create(VIDEO.length));
    expect((await patch(address, 0, VIDEO)).status).toBe(204);
    return address;
  };
  const remove = (address: string) => fetch(address, { method: 'DELETE', headers: TUS });
  const address = await whole();
  expect((await remove(address)).status).toBe(204);
  expect(await files()).toEqual([]);
  expect((await remove(address)).status).toBe(404);
  const taken = await whole();
  const [name = ''] = await files();
  // As a stream's lease leaves it.
  await chmod(join(api.uploadsDir, name), 0o400);
  expect(await codeOf(await remove(taken))).toEqual([409, 'CONFLICT']);
  expect(await files()).toEqual([name]);
});

test('what is not said right is refused with a sentence', async () => {
  expect(await codeOf(await create(MAX + 1))).toEqual([413, 'UPLOAD_TOO_LARGE']);
  for (const length of [0, -1, 'x', '1e3'])
    expect(await codeOf(await create(length)), String(length)).toEqual([400, 'BAD_INPUT']);
  const deferred = { method: 'POST', headers: { ...TUS, 'upload-defer-length': '1' } };
  expect(await codeOf(await fetch(`${api.url}/uploads`, deferred))).toEqual([400, 'BAD_INPUT']);
  const address = addressOf(await create(10));
  expect(await codeOf(await patch(address, 5, VIDEO.subarray(0, 5)))).toEqual([409, 'BAD_INPUT']);
  expect(await codeOf(await patch(address, 0, VIDEO.subarray(0, 11)))).toEqual([413, 'UPLOAD_TOO_LARGE']);
  const unknown = `${api.url}/uploads/${'0'.repeat(32)}`;
  expect(await codeOf(await patch(unknown, 0, VIDEO))).toEqual([404, 'BAD_INPUT']);
  for (const path of ['x', '..%2f..%2fetc', `${'0'.repeat(32)}/x`, '.tus-x'])
    expect(await codeOf(await patch(`${api.url}/uploads/${path}`, 0, VIDEO)), path).toEqual([
      404,
      'NOT_FOUND',
    ]);
  const { 'tus-resumable': _, ...plain } = { ...TUS, 'content-type': 'video/mp4' };
  expect((await fetch(address, { method: 'PATCH', headers: plain, body: 'x' })).status).toBe(405);
  expect((await fetch(address, { headers: TUS })).status).toBe(404);
});

test('there is room for no more than the disk that uploads may take, and it goes on when there is', async () => {
  const first = await fetch(`${api.url}/uploads`, {
    ...{ method: 'POST', headers: { 'content-type': 'video/mp4' }, body: Buffer.alloc(180_000) },
  });
  const { token } = (await first.json()) as { token: string };
  expect(await codeOf(await create(100_000))).toEqual([507, 'UPLOADS_FULL']);
  const [one, other] = [addressOf(await create(60_000)), addressOf(await create(60_000))];
  expect((await patch(one, 0, VIDEO.subarray(0, 60_000))).status).toBe(204);
  expect(await codeOf(await patch(other, 0, VIDEO.subarray(0, 60_000)))).toEqual([507, 'UPLOADS_FULL']);
  await rm(join(api.uploadsDir, token));
  const { offset } = await head(other);
  expect((await patch(other, offset, VIDEO.subarray(offset, 60_000))).status).toBe(204);
  expect((await files()).length).toBe(2);
});

test('pages of allowed origins may upload by tus, and others may not', async () => {
  const ask = (origin: string) =>
    fetch(`${api.url}/uploads`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'tus-resumable',
      },
    });
  const { status, headers } = await ask('https://friend.example');
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe('https://friend.example');
  expect(headers.get('access-control-allow-methods')).toContain('PATCH');
  expect(headers.get('access-control-allow-headers')).toBe('tus-resumable');
  expect(headers.get('access-control-expose-headers')).toContain('upload-offset');
  expect(headers.get('tus-version')).toBe('1.0.0');
  expect((await ask('https://evil.example')).status).toBe(403);
  expect((await create(10, { origin: 'https://evil.example' })).status).toBe(403);
  expect(await files()).toEqual([]);
});
