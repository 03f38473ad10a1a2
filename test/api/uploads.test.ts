import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestApi, type TestApi, until } from './harness.ts';

const MAX = 200_000;
let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({}, { maxUpload: MAX });
});
afterEach(() => api.close());

const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/uploads`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
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
    `POST /uploads HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\nContent-Length: 100000\r\n\r\n${body}`,
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

test('uploads are refused other than by POST, and from pages of other origins', async () => {
  expect((await fetch(`${api.url}/uploads`)).status).toBe(405);
  expect((await post('x', { origin: 'https://evil.example' })).status).toBe(403);
});
