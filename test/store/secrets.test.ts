/** Passwords of sources are sealed in the database, and come back as they were given. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SourceInput } from '../../src/domain/frame.ts';
import { openStore, type Store, type StoreConfig } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, STREAM, type TestDatabase } from '../helpers/database.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const CAMERA = { type: 'url', url: 'rtsp://me:pa%20ss@10.0.0.7:554/cam/1?key=s3cret' } as const;
const SHOWN = { type: 'url', url: 'rtsp://10.0.0.7:554/cam/1' };
const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map((word) => word.padEnd(40, word)) as [
  string,
  string,
  string,
];

let database: TestDatabase;
let store: Store;
let warnings: string[];
beforeEach(async () => {
  database = await createDatabase();
  warnings = [];
});
afterEach(() => database.dispose());

const open = async (options: Partial<StoreConfig> = {}) => {
  const log = {
    info: () => {},
    error: () => {},
    warn: (_: object, text?: string) => void warnings.push(String(text)),
  };
  store = await openStore({ rollUp, ...database.config, log, ...options });
};
const reopen = async (options: Partial<StoreConfig> = {}) => {
  await store.close();
  await open(options);
};
const create = (source: SourceInput) => store.streams.create({ ...STREAM, source });
const rows = async () =>
  (await store.prisma.stream.findMany({ orderBy: { ordinal: 'asc' } })).map(({ source }) => source);
const sources = async () => (await store.streams.byName(STREAM.name)).map(({ source }) => source);

it('an address is stored without user, password and query, and read as it was given, by a key in a file of its own', async () => {
  await open();
  const { source } = await create(CAMERA);
  await create({ type: 'url', url: 'https://example.org/clip.mp4' });
  await create({ type: 'file', path: 'clip.mp4' });
  expect(source).toEqual(CAMERA);
  const [stored, ...others] = await rows();
  expect(stored).toEqual({ ...SHOWN, sealed: expect.stringMatching(/^1\.[\w-]{8}\.[\w-]{80,}$/) });
  expect(others).toEqual([
    { type: 'url', url: 'https://example.org/clip.mp4' },
    { type: 'file', path: 'clip.mp4' },
  ]);
  expect(JSON.stringify(await rows())).not.toMatch(/s3cret|pa%20ss|pa ss/);
  const key = await stat(join(database.config.dataDir, 'secret.key'));
  expect(key.mode & 0o777).toBe(0o600);
  await reopen();
  expect((await sources())[0]).toEqual(CAMERA);
  expect(await create(CAMERA)).toMatchObject({ source: CAMERA });
  const [first, , , second] = (await rows()) as { sealed: string }[];
  expect(first!.sealed).not.toBe(second!.sealed);
  expect(first!.sealed.split('.')[1]).toBe(second!.sealed.split('.')[1]);
  await store.close();
});

it('which track of a source is read is stored with it, and an upload is found by its token all the same', async () => {
  await open();
  const camera = { ...CAMERA, videoTrack: 2 };
  expect((await create(camera)).source).toEqual(camera);
  expect(await rows()).toEqual([{ ...SHOWN, videoTrack: 2, sealed: expect.any(String) }]);
  const upload = { type: 'upload', token: 'a1b2-c3' } as const;
  for (const source of [upload, { ...upload, videoTrack: 3 }, { ...upload, token: 'other' }])
    await create(source);
  const found = await store.streams.byUpload('a1b2-c3');
  expect(found.map(({ source }) => source)).toEqual([upload, { ...upload, videoTrack: 3 }]);
  await store.close();
});

it('what an earlier version stored in clear is sealed at the next start', async () => {
  await open({ secretKeys: [OLD] });
  const { id } = await create({ type: 'url', url: SHOWN.url });
  await store.prisma.stream.update({ where: { id }, data: { source: CAMERA } });
  await reopen({ secretKeys: [OLD] });
  expect(await rows()).toEqual([{ ...SHOWN, sealed: expect.any(String) }]);
  expect(await sources()).toEqual([CAMERA]);
  expect(await readdir(database.config.dataDir)).not.toContain('secret.key');
  await store.close();
});

it('without its key a source is locked, the others work, and nothing is lost when the key is back', async () => {
  await open({ secretKeys: [OLD] });
  await create(CAMERA);
  await reopen({ secretKeys: [OTHER] });
  await create({ ...CAMERA, url: 'rtsp://you:pw@10.0.0.8/' });
  expect(await sources()).toEqual([
    { ...SHOWN, locked: true },
    { type: 'url', url: 'rtsp://you:pw@10.0.0.8/' },
  ]);
  expect(warnings).toEqual([expect.stringContaining('sealed with another key')]);
  await reopen({ secretKeys: [OTHER, OLD] });
  expect((await sources())[0]).toEqual(CAMERA);
  // Tampered with: no key opens it.
  const [{ sealed }] = (await rows()) as [{ sealed: string }];
  const torn = { ...SHOWN, sealed: `${sealed.slice(0, -4)}AAAA` };
  await store.prisma.stream.updateMany({
    where: { source: { equals: { ...SHOWN, sealed } } },
    data: { source: torn },
  });
  expect((await sources())[0]).toEqual({ ...SHOWN, locked: true });
  await store.close();
});

it('keys change: by a new one in the file, and by the first of those that are given', async () => {
  await open();
  await create(CAMERA);
  const path = join(database.config.dataDir, 'secret.key');
  const before = await readFile(path, 'utf8');
  expect(await store.rotateSecrets()).toEqual({ sealed: 1, locked: 0 });
  const after = await readFile(path, 'utf8');
  expect(after.trim()).not.toContain(before.trim());
  await reopen();
  expect(await sources()).toEqual([CAMERA]);

  await reopen({ secretKeys: [OLD, after.trim()] });
  expect(await store.rotateSecrets()).toEqual({ sealed: 1, locked: 0 });
  await reopen({ secretKeys: [NEW, OLD] });
  expect(await store.rotateSecrets()).toEqual({ sealed: 1, locked: 0 });
  await rm(path);
  await reopen({ secretKeys: [NEW] });
  expect(await sources()).toEqual([CAMERA]);
  await store.close();
});
