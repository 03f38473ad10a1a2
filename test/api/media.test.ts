/** The recording that a session is of, over HTTP: by ranges, to those who may read it, and a sentence where it is gone. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createViewings } from '../../src/api/audit/dedupe-viewings.ts';
import { readMediaType } from '../../src/api/media/media-type.ts';
import { findRecordedFile } from '../../src/ingest/source/find-recorded-file.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

const VIDEO = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), Buffer.alloc(5000, 7)]);

let world: World;
let directory: string;
let headers: { authorization: string };
const sessions = new Map<string, string>();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-recordings-'));
  for (const name of ['a clip #1?.mp4', '.hidden.mp4', 'gone.mp4'])
    await writeFile(join(directory, name), VIDEO);
  const recordedFile: typeof world.services.recordedFile = (source) =>
    findRecordedFile({ mediaDir: directory, uploadsDir: directory, bucket: null }, source);
  world = await openWorld({ auth: true, servicesOf: (services) => ({ ...services, recordedFile }) });
  headers = await world.token('OPERATOR');
  for (const [name, source, site] of [
    ['clip', '{ file: "a clip #1?.mp4" }', 'lab'],
    ['hidden', '{ file: ".hidden.mp4" }', 'lab'],
    ['gone', '{ file: "gone.mp4" }', 'lab'],
    ['outside', '{ file: "../outside.mp4" }', 'lab'],
    ['camera', '{ device: "/dev/video0" }', 'hall'],
  ] as const)
    sessions.set(name, await record(name, source, site));
});
afterAll(async () => {
  await world?.close();
  await rm(directory, { recursive: true, force: true });
});

async function record(name: string, source: string, site: string): Promise<string> {
  const { data } = await ask(
    world.url,
    `mutation { registerStream(input: { name: "${name}", source: ${source}, purpose: RESEARCH, tags: [{ key: "site", value: "${site}" }] }) { stream { id } } }`,
    {},
    headers,
  );
  const query = `{ stream(id: "${data.registerStream.stream.id}") { latestSession { id state } } }`;
  return vi.waitUntil(
    async () => {
      const session = (await ask(world.url, query, {}, headers)).data.stream.latestSession;
      return session?.state === 'ENDED' && session.id;
    },
    { timeout: 60_000 },
  );
}

const at = (name: string) => `${world.url}/media/sessions/${sessions.get(name)}`;
const get = (name: string, more: Record<string, string> = {}, method = 'GET') =>
  fetch(at(name), { method, headers: { ...headers, ...more } });

describe('the recording of a session', () => {
  test('is sent whole, as what its first bytes say it is, and kept by nobody', async () => {
    const response = await get('clip');
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(VIDEO)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...{ 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'cache-control': 'private, no-store' },
      ...{ 'x-content-type-options': 'nosniff', 'content-length': String(VIDEO.length) },
    });
  });

  test.each([
    ['bytes=0-', 206, `bytes 0-5011/5012`, 5012],
    ['bytes=12-99', 206, 'bytes 12-99/5012', 88],
    ['bytes=-10', 206, 'bytes 5002-5011/5012', 10],
    ['bytes=5000-9000', 206, 'bytes 5000-5011/5012', 12],
    ['bytes=5012-', 416, 'bytes */5012', 0],
    ['lines=1-2', 200, null, 5012],
  ])('of %s is answered with %s', async (range, status, contentRange, length) => {
    const response = await get('clip', { range });
    expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
    expect((await response.arrayBuffer()).byteLength).toBe(length);
  });

  test('has a HEAD without a body, and is no other method’s', async () => {
    const head = await get('clip', {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5012', '']);
    expect((await get('clip', {}, 'POST')).status).toBe(405);
  });

  test('whose name begins with a dot is sent as any other', async () => {
    expect((await get('hidden')).status).toBe(200);
  });

  test.each(['camera', 'outside'])('%s is not there, and the answer says what to do', async (name) => {
    const response = await get(name);
    const { errors } = (await response.json()) as { errors: [{ message: string; extensions: object }] };
    expect(response.status).toBe(404);
    expect(errors[0].extensions).toMatchObject({ code: 'NOT_FOUND' });
    expect(errors[0].message).toContain('Open it from your own disk');
  });

  test('that was removed since is not there any more, and is again where it was brought back', async () => {
    const url = `{ session(id: "${sessions.get('gone')}") { recordingUrl } }`;
    const told = async () => (await ask(world.url, url, {}, headers)).data.session.recordingUrl;
    expect(await told()).toBe(`/media/sessions/${sessions.get('gone')}`);
    await rename(join(directory, 'gone.mp4'), join(directory, 'elsewhere.mp4'));
    expect([(await get('gone')).status, await told()]).toEqual([404, null]);
    await rename(join(directory, 'elsewhere.mp4'), join(directory, 'gone.mp4'));
    expect((await get('gone')).status).toBe(200);
  });

  test('is for those who may read the session, whoever they are', async () => {
    expect((await fetch(at('clip'))).status).toBe(401);
    const viewer = await world.token('VIEWER', { site: 'lab' });
    const elsewhere = await world.token('VIEWER', { site: 'hall' });
    expect((await fetch(at('clip'), { headers: viewer })).status).toBe(200);
    expect((await fetch(at('clip'), { headers: elsewhere })).status).toBe(404);
  });

  test('that somebody looks at is in the audit once an hour, not once a range', async () => {
    const who = await world.token('OPERATOR');
    for (const range of ['bytes=0-', 'bytes=100-', 'bytes=0-'])
      await (await fetch(at('hidden'), { headers: { ...who, range } })).arrayBuffer();
    const admin = await world.token('ADMIN');
    const query = `{ auditLog(first: 1000, filter: { action: EXPORT }) { nodes { targetId count } } }`;
    const { data, errors } = await ask(world.url, query, {}, admin);
    expect(errors).toBeUndefined();
    const entries = data.auditLog.nodes.filter(
      ({ targetId }: { targetId: string }) => targetId === sessions.get('hidden'),
    );
    // Once by whom the other tests ask, once by this one.
    expect(entries.map(({ count }: { count: number }) => count)).toEqual([1, 1]);
  });
});

test('a viewing is told again after an hour, of each who looks and of each recording', () => {
  const viewings = createViewings();
  expect(viewings.begins('a', 's', 0)).toBe(true);
  expect(viewings.begins('a', 'S', 1000)).toBe(false);
  expect(viewings.begins('b', 's', 1000)).toBe(true);
  expect(viewings.begins('a', 't', 1000)).toBe(true);
  expect(viewings.begins('a', 's', 3_600_000)).toBe(true);
});

test.each([
  ['\0\0\0\x18ftypmp42', 'video/mp4'],
  ['\0\0\0\x14ftypqt  ', 'video/quicktime'],
  ['\x1a\x45\xdf\xa3\x01', 'video/webm'],
  ['RIFF\x24\0\0\0AVI LIST', 'video/x-msvideo'],
  ['<html><script>', 'application/octet-stream'],
  ['<svg xmlns=', 'application/octet-stream'],
  ['', 'application/octet-stream'],
])('a recording that begins with %j is %s', async (head, type) => {
  const path = join(directory, 'any');
  await writeFile(path, Buffer.from(head, 'latin1'));
  expect(await readMediaType(path)).toBe(type);
});
