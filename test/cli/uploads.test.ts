import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUploadStore } from '../../src/cli/upload-store.ts';

const LOG = { info: () => {}, warn: () => {} };
const HOUR = 3_600_000;
const token = (letter: string) => letter.repeat(32);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-uploads-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function put(name: string, hoursAgo: number): Promise<void> {
  await writeFile(join(directory, name), 'video', { mode: 0o600 });
  const time = new Date(Date.now() - hoursAgo * HOUR);
  await utimes(join(directory, name), time, time);
}

const left = async () => (await readdir(directory)).map((name) => name[0]).sort();

test('what no stream took within a day is deleted, at the start and when asked', async () => {
  await put(token('a'), 25);
  await put(token('b'), 23);
  await put('not-an-upload.txt', 25);
  const uploads = createUploadStore({ directory, isTaken: async () => false, log: LOG });
  await uploads.close();
  expect(await left()).toEqual(['b', 'n']);
  expect(await uploads.sweep(Date.now() + 2 * HOUR)).toBe(1);
  expect(await left()).toEqual(['n']);
});

test('what a stream uses stays, even where the streams of another database are asked', async () => {
  await put(token('a'), 25);
  await put(token('b'), 25);
  const uploads = createUploadStore({ directory, isTaken: async (name) => name === token('a'), log: LOG });
  await uploads.take(token('b'));
  await uploads.close();
  const stranger = createUploadStore({ directory, isTaken: async () => false, log: LOG });
  await uploads.take(token('a'));
  await stranger.close();
  expect(await left()).toEqual(['a', 'b']);
  await uploads.release(token('a'));
  await uploads.release(token('a'));
  expect(await left()).toEqual(['b']);
});

test('a directory that cannot be read is told of, and does no harm', async () => {
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, text: string) => void warnings.push(text) };
  const away = join(directory, 'away');
  const uploads = createUploadStore({ directory: away, isTaken: async () => false, log: log as never });
  await uploads.close();
  expect(warnings).toHaveLength(1);
});
