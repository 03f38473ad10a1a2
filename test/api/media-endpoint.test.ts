/** A recording that goes or changes while somebody asks for it: each is answered with what it is, and only what is sent is in the audit. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMediaEndpoint } from '../../src/api/media/media-endpoint.ts';
import { type OpenEndpoint, openEndpoint, REQUESTER } from './endpoint.ts';

const ID = '0190b0f0-0000-7000-8000-000000000002';
const PATH = `/media/sessions/${ID}`;

let directory: string;
let endpoint: OpenEndpoint;
/** Where the recording is said to be, and what is waited for before. */
let found: Promise<string>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-media-'));
});
beforeEach(async () => {
  const file = join(directory, 'clip.mp4');
  await writeFile(file, Buffer.from('\0\0\0\x20ftypisom, and more', 'latin1'));
  found = Promise.resolve(file);
  endpoint = await openEndpoint(({ audit, log }) => {
    const prisma = { session: { findUnique: async () => ({ stream: { source: {} } }) } };
    const createContext = () => ({ prisma, audit, recordedFile: () => found }) as never;
    const handle = createMediaEndpoint({ createContext, log });
    return (request, response, path) => handle(request, response, path, REQUESTER);
  });
});
afterEach(() => endpoint.close());
afterAll(() => rm(directory, { recursive: true }));

const get = (headers: Record<string, string> = {}) => fetch(endpoint.url + PATH, { headers });

test('a file that went after it was found is not there, which is no fault of the server', async () => {
  found = Promise.resolve(join(directory, 'gone.mp4'));
  const answer = await get();
  const { errors } = (await answer.json()) as { errors: [{ message: string; extensions: object }] };
  expect([answer.status, errors[0].extensions]).toEqual([404, { code: 'NOT_FOUND' }]);
  expect(errors[0].message).toContain('Open it from your own disk');
  expect([endpoint.logged, endpoint.audited]).toEqual([[], []]);
});

test.each([
  ['that has changed since', { 'if-match': '"another"' }, 412],
  ['behind its end', { range: 'bytes=1000-' }, 416],
])(
  'of a file %s nothing is sent, which is not in the audit; what is sent is, once',
  async (_, headers, status) => {
    const answer = await get(headers as unknown as Record<string, string>);
    expect([answer.status, await answer.text(), endpoint.audited]).toEqual([status, '', []]);
    for (const range of ['bytes=0-3', 'bytes=4-']) expect((await get({ range })).status).toBe(206);
    expect(endpoint.audited).toMatchObject([{ action: 'EXPORT', outcome: 'OK', target: { id: ID } }]);
    expect(endpoint.logged).toEqual([]);
  },
);

test('to who has left before the file was found nothing is sent', async () => {
  let tell = (_path: string) => {};
  const file = await found;
  found = new Promise((resolve) => {
    tell = resolve;
  });
  const coming = endpoint.asked();
  const socket = endpoint.ask(PATH);
  const { response, done } = await coming;
  socket.destroy();
  await once(response, 'close');
  tell(file);
  await done;
  expect([endpoint.audited, endpoint.logged]).toEqual([[], []]);
});
