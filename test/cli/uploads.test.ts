import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUploadRetention, type UploadRetention } from '../../src/cli/serve/upload-retention.ts';
import { INPUT, TestManager } from '../sessions/test-manager.ts';

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
  await age(name, hoursAgo);
}

async function age(name: string, hours: number): Promise<void> {
  const time = new Date(Date.now() - hours * HOUR);
  await utimes(join(directory, name), time, time);
}

const left = async () => (await readdir(directory)).map((name) => name[0]).sort();

test('what no stream took within a day is deleted, at the start and when asked', async () => {
  await put(token('a'), 25);
  await put(token('b'), 23);
  await put('not-an-upload.txt', 25);
  const uploads = createUploadRetention({ directory, isTaken: async () => false, log: LOG });
  await uploads.close();
  expect(await left()).toEqual(['b', 'n']);
  expect(await uploads.sweep(Date.now() + 2 * HOUR)).toBe(1);
  expect(await left()).toEqual(['n']);
});

test('what a stream uses stays, even where the streams of another database are asked', async () => {
  await put(token('a'), 25);
  await put(token('b'), 23);
  const uploads = createUploadRetention({
    directory,
    isTaken: async (name) => name === token('a'),
    log: LOG,
  });
  await uploads.take(token('b'));
  await uploads.close();
  await age(token('b'), 25);
  await uploads.take(token('a'));
  await createUploadRetention({ directory, isTaken: async () => false, log: LOG }).close();
  expect(await left()).toEqual(['a', 'b']);
  await uploads.release(token('a'));
  await uploads.release(token('a'));
  expect(await left()).toEqual(['b']);
});

test('what a stream takes while the sweep asks whether one uses it stays', async () => {
  await put(token('a'), 25);
  const uploads = createUploadRetention({
    directory,
    isTaken: async (name) => {
      await uploads.take(name);
      return false;
    },
    log: LOG,
  });
  await uploads.close();
  expect(await left()).toEqual(['a']);
});

/** A server whose streams `a` and, if asked, `b` use the upload; `changes` is what goes wrong with the uploads. */
async function serverWithUpload(names: string[], changes: Partial<UploadRetention> = {}) {
  await put(token('a'), 25);
  const isTaken = async (name: string) => (await manager.store.repository.byUpload(name)).length > 0;
  const uploads = createUploadRetention({ directory, isTaken: async () => true, log: LOG });
  const manager = new TestManager({ uploads: { ...uploads, ...changes } });
  const source = { type: 'upload', token: token('a') } as const;
  const ids: string[] = [];
  for (const name of names) {
    ids.push((await manager.manager.register({ ...INPUT, name, source, autoStart: false })).id);
  }
  await uploads.close();
  return { ...manager, ids, restart: () => createUploadRetention({ directory, isTaken, log: LOG }).close() };
}

const killed = { release: () => Promise.reject(new Error('the server was killed before this')) };
const mode = async () => (await stat(join(directory, token('a')))).mode & 0o777;

test('an upload goes though the server was killed between the removal of its stream and that of the file', async () => {
  const { manager, store, ids, restart } = await serverWithUpload(['one'], killed);
  await restart();
  expect(await left()).toEqual(['a']);
  await manager.remove(ids[0]!);
  expect([store.streams.size, await left()]).toEqual([0, ['a']]);
  await restart();
  expect(await left()).toEqual([]);
});

test('what another stream uses is neither deleted, nor open to the sweep of a stranger, after a removal', async () => {
  const { manager, ids, restart } = await serverWithUpload(['one', 'two']);
  await manager.remove(ids[0]!);
  await restart();
  expect([await left(), await mode()]).toEqual([['a'], 0o400]);
  await manager.remove(ids[1]!);
  expect(await left()).toEqual([]);
});

test('the upload of a stream whose removal failed is kept as before', async () => {
  const { manager, store, ids, restart } = await serverWithUpload(['one']);
  store.repository.remove = () => Promise.reject(new Error('the database is away'));
  await expect(manager.remove(ids[0]!)).rejects.toThrow('away');
  await restart();
  expect([await left(), await mode()]).toEqual([['a'], 0o400]);
});

test('a directory that cannot be read is told of, and does no harm', async () => {
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, text: string) => void warnings.push(text) };
  const away = join(directory, 'away');
  const uploads = createUploadRetention({ directory: away, isTaken: async () => false, log: log as never });
  await uploads.close();
  expect(warnings).toHaveLength(1);
});

test('an upload that goes while others are looked at does not end the sweep', async () => {
  await put(token('a'), 25);
  await put(token('b'), 25);
  await put(token('c'), 25);
  const seen: string[] = [];
  const isTaken = async (name: string) => {
    seen.push(name);
    const other = ['a', 'b', 'c'].map(token).find((one) => !seen.includes(one));
    if (seen.length === 1) await rm(join(directory, other!));
    return false;
  };
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, text: string) => void warnings.push(text) };
  await createUploadRetention({ directory, isTaken, log: log as never }).close();
  expect(warnings).toEqual([]);
  expect(seen).toHaveLength(2);
  expect(await left()).toEqual([]);
});
