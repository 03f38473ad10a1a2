import { once } from 'node:events';
import { readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDirectoryFiles } from '../../src/api/uploads/directory-files.ts';
import { bodyOf } from '../../src/api/uploads/upload-body.ts';
import { openUploadEndpoint } from '../../src/api/uploads/upload-endpoint.ts';
import { newToken } from '../../src/api/uploads/upload-files.ts';
import { createLog } from '../../src/log.ts';
import { keptAudit } from '../helpers/audit.ts';
import { openTestApi, type TestApi, until } from './harness.ts';

const MAX = 200_000;
let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({}, { maxUpload: MAX });
});
afterEach(() => api.close());

const post = (body: BodyInit, more: Record<string, string> = {}) => {
  const headers = { 'x-requested-with': 'test', ...more };
  return fetch(`${api.url}/uploads`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
};
const files = () => readdir(api.uploadsDir);

test('a raw upload is stored under a token that cannot be guessed', async () => {
  const video = Buffer.from('not really a video');
  const response = await post(video, { 'content-type': 'video/mp4' });
  expect(response.status).toBe(201);
  const { token } = (await response.json()) as { token: string };
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(await files()).toEqual([token]);
  expect(await readFile(join(api.uploadsDir, token))).toEqual(video);
});

test('the file of an uploaded form is stored under a token', async () => {
  const form = new FormData();
  form.set('note', 'hello');
  form.set('file', new Blob(['frames']), '../../etc/passwd');
  const { token } = (await (await post(form)).json()) as { token: string };
  expect(String(await readFile(join(api.uploadsDir, token)))).toBe('frames');
  expect(await files()).toEqual([token]);
});

test('an upload that is too large is refused, and leaves no file', async () => {
  const honest = await post(Buffer.alloc(MAX * 3));
  expect(honest.status).toBe(413);
  expect(await honest.json()).toMatchObject({ errors: [{ extensions: { code: 'UPLOAD_TOO_LARGE' } }] });
  const form = new FormData();
  form.set('file', new Blob([Buffer.alloc(MAX + 1)]));
  expect((await post(form)).status).toBe(413);
  const endless = new ReadableStream({
    async pull(controller) {
      await setImmediate();
      controller.enqueue(new Uint8Array(10_000));
    },
  });
  const answer = await post(endless).then(
    ({ status }) => status,
    () => 'cut off', // the server may hang up before the client has heard the answer
  );
  expect([413, 'cut off']).toContain(answer);
  await until(async () => (await files()).length === 0, 'the parts are deleted');
});

test.each([
  ['a raw body', 'Content-Type: video/mp4', 'some frames'],
  [
    'a form',
    'Content-Type: multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nsome',
  ],
])('an upload of %s that is cut off leaves no file', async (_name, type, body) => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.write(
    `POST /uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: test\r\n${type}\r\nContent-Length: 100000\r\n\r\n${body}`,
  );
  await until(async () => (await files()).length === 1, 'a part is there');
  socket.destroy();
  await until(async () => (await files()).length === 0, 'the part is deleted');
});

test('uploads of nothing, of a form without a file or without a boundary are refused', async () => {
  const form = new FormData();
  form.set('note', 'hello');
  for (const response of [
    await post(''),
    await post(form),
    await post('x', { 'content-type': 'multipart/form-data' }),
  ]) {
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_INPUT' } }] });
  }
  expect(await files()).toEqual([]);
});

test.each([
  ['is cut off', '\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nhal'],
  ['ends without its boundary', '\r\n--b\r\n'],
  ['is malformed', '\r\n--b\r\nnonsense\r\n\r\n'],
])('a form that %s behind its file is refused, and leaves nothing', async (_name, behind) => {
  const file = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nframes';
  const response = await post(file + behind, { 'content-type': 'multipart/form-data; boundary=b' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_INPUT' } }] });
  expect(await files()).toEqual([]);
});

test('what nobody goes on with is deleted: parts after ten minutes, resumable ones after a day', async () => {
  const MINUTE = 60_000;
  const uploads = openDirectoryFiles(api.uploadsDir);
  const [part, begun, lone] = [newToken(), newToken(), newToken()];
  for (const name of [
    `.part-${part}`,
    `.tus-${begun}`,
    `.tus-${begun}.json`,
    `.tus-${lone}.json`,
    newToken(),
  ])
    await writeFile(join(api.uploadsDir, name), 'x');
  expect(await uploads.sweep(Date.now() + 9 * MINUTE)).toBe(0);
  expect(await uploads.sweep(Date.now() + 11 * MINUTE)).toBe(1);
  // Its last byte counts, not its beginning.
  const later = new Date(Date.now() + 12 * 60 * MINUTE);
  await utimes(join(api.uploadsDir, `.tus-${begun}`), later, later);
  expect(await uploads.sweep(Date.now() + 25 * 60 * MINUTE)).toBe(1);
  expect(await uploads.sweep(Date.now() + 37 * 60 * MINUTE)).toBe(2);
  expect((await files()).length).toBe(1);
});

test('what an earlier run left is deleted at the start', async () => {
  const name = join(api.uploadsDir, `.part-${newToken()}`);
  await writeFile(name, 'x');
  await utimes(name, 0, 0);
  const files = openDirectoryFiles(api.uploadsDir);
  const options = { files, maxBytes: MAX, maxDisk: MAX, onRefused: () => {} };
  const again = openUploadEndpoint({
    ...options,
    ...keptAudit(),
    log: createLog({ logLevel: 'silent', logFormat: 'json' }),
  });
  await again.close();
  expect(await readdir(api.uploadsDir)).toEqual([]);
});

test('all uploads together take no more than the disk that they may, and there is room again when one goes', async () => {
  const own = await openTestApi({}, { maxUpload: MAX, limits: { uploadDisk: 1000 } });
  const send = (bytes: number | ReadableStream) => {
    const body = typeof bytes === 'number' ? Buffer.alloc(bytes) : bytes;
    const options = { method: 'POST', body, duplex: 'half', headers: { 'x-requested-with': 'test' } };
    return fetch(`${own.url}/uploads`, options as RequestInit);
  };
  const { token } = (await (await send(700)).json()) as { token: string };
  const full = await send(400);
  expect(full.status).toBe(507);
  expect(await full.json()).toMatchObject({ errors: [{ extensions: { code: 'UPLOADS_FULL' } }] });
  const chunks = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(400));
      controller.close();
    },
  });
  expect((await send(chunks)).status).toBe(507);
  // What had come of it is deleted once it is refused.
  await until(async () => (await readdir(own.uploadsDir)).length === 1, 'only the first is there');
  expect(await readdir(own.uploadsDir)).toEqual([token]);
  expect((await send(300)).status).toBe(201);
  await rm(join(own.uploadsDir, token));
  expect((await send(700)).status).toBe(201);
  const { values } = await own.metrics.refused.get();
  expect(values).toMatchObject([{ labels: { code: 'UPLOADS_FULL' }, value: 2 }]);
  await own.close();
});

test('uploads are refused other than by POST, and from pages of other origins', async () => {
  expect((await fetch(`${api.url}/uploads`)).status).toBe(405);
  expect((await post('x', { origin: 'https://evil.example' })).status).toBe(403);
});

test('an unfinished upload that goes while the directory is looked through does not abort the start', async () => {
  await symlink('nowhere', join(api.uploadsDir, '.part-gone')); // listed, and not there
  const files = openDirectoryFiles(api.uploadsDir);
  const options = { files, maxBytes: MAX, maxDisk: MAX, onRefused: () => {} };
  const again = openUploadEndpoint({
    ...options,
    ...keptAudit(),
    log: createLog({ logLevel: 'silent', logFormat: 'json' }),
  });
  await again.close();
});

test('a body whose sender left before anything of it was read ends, and holds nothing up', async () => {
  const request = new IncomingMessage(new Socket());
  request.destroy();
  await once(request, 'close');
  await expect(bodyOf(request).toArray()).rejects.toThrow('cut off');
});
