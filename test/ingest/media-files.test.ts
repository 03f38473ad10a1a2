/** What the list of the media directory tells, and that nothing outside of it is in it. */
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { MediaFileQuery } from '../../src/domain/media-file.ts';
import { listMediaFiles } from '../../src/ingest/source/media-files.ts';

/** A directory with empty files of these names. */
async function directoryWith(...paths: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-media-files-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const path of paths) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), '');
  }
  return directory;
}

const ALL: MediaFileQuery = { folder: null, name: null, kinds: null, after: null, most: 100 };
const pathsOf = async (directory: string, query: Partial<MediaFileQuery> = {}) =>
  (await listMediaFiles(directory, { ...ALL, ...query })).map(({ path }) => path);

it('files are told with their kind, size and time', async () => {
  const directory = await directoryWith('a.MP4', 'b.heic', 'notes.txt', 'raw');
  await truncate(join(directory, 'a.MP4'), 5_000_000_000);
  await utimes(join(directory, 'a.MP4'), 0, new Date('2026-11-28T09:00:00.250Z'));
  const files = await listMediaFiles(directory, ALL);
  expect(files[0]).toEqual({
    ...{
      path: 'a.MP4',
      kind: 'VIDEO',
      size: 5_000_000_000,
      modifiedAt: new Date('2026-11-28T09:00:00.250Z'),
    },
  });
  expect(files.map(({ kind }) => kind)).toEqual(['VIDEO', 'PICTURE', 'OTHER', 'OTHER']);
});

const TREE = [
  'a/1.mp4',
  'a/b/2.mp4',
  'a/c.mp4',
  'a b/3.mp4',
  'a.mp4',
  'a-1/4.mp4',
  'B.mp4',
  'z/y/x/5.png',
  'ü.mp4',
];

it('pages of any size give every file once, in the same order', async () => {
  const directory = await directoryWith(...TREE);
  const whole = await pathsOf(directory);
  expect(whole.toSorted()).toEqual(TREE.toSorted());
  for (const most of [1, 2, 3, 7, 100]) {
    const paged: string[] = [];
    for (;;) {
      const page = await pathsOf(directory, { most, after: paged.at(-1) ?? null });
      paged.push(...page);
      if (page.length < most) break;
    }
    expect(paged).toEqual(whole);
  }
});

it('a page goes on behind a file that was removed meanwhile', async () => {
  const directory = await directoryWith('a/1.mp4', 'a/2.mp4', 'a/3.mp4', 'b.mp4');
  await rm(join(directory, 'a/2.mp4'));
  expect(await pathsOf(directory, { after: 'a/2.mp4' })).toEqual(['a/3.mp4', 'b.mp4']);
  await rm(join(directory, 'a'), { recursive: true });
  expect(await pathsOf(directory, { after: 'a/2.mp4' })).toEqual(['b.mp4']);
});

it('they are found by folder, by a part of the path, and by kind', async () => {
  const directory = await directoryWith(...TREE);
  expect(await pathsOf(directory, { folder: 'a' })).toEqual(['a/1.mp4', 'a/b/2.mp4', 'a/c.mp4']);
  expect(await pathsOf(directory, { folder: '/a/b/' })).toEqual(['a/b/2.mp4']);
  expect(await pathsOf(directory, { folder: 'a', after: 'a/1.mp4', most: 1 })).toEqual(['a/b/2.mp4']);
  expect(await pathsOf(directory, { name: 'b' })).toEqual(['B.mp4', 'a/b/2.mp4', 'a b/3.mp4']);
  expect(await pathsOf(directory, { kinds: ['PICTURE'] })).toEqual(['z/y/x/5.png']);
  expect(await pathsOf(directory, { kinds: [] })).toEqual([]);
});

it('links and hidden files are left out, wherever they lead', async () => {
  const outside = await directoryWith('secret.mp4');
  const directory = await directoryWith('in/a.mp4', '.hidden/b.mp4', '.c.mp4');
  await symlink(join(outside, 'secret.mp4'), join(directory, 'link.mp4'));
  await symlink(outside, join(directory, 'linked'));
  await symlink('in', join(directory, 'inside'));
  await symlink('.', join(directory, 'in/loop'));
  expect(await pathsOf(directory)).toEqual(['in/a.mp4']);
});

it.each([
  '..',
  'in/..',
  'in/../..',
  '.hidden',
  'linked',
  'linked/deep',
  'in/a.mp4',
  'nowhere',
  'in\0',
  '/etc',
])('the folder %j is none', async (folder) => {
  const outside = await directoryWith('deep/secret.mp4');
  const directory = await directoryWith('in/a.mp4', '.hidden/b.mp4');
  await symlink(outside, join(directory, 'linked'));
  await expect(pathsOf(directory, { folder })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('in the media directory; check the name.'),
  });
});

it('a cursor that leads out of the directory tells nothing of what is there', async () => {
  const directory = await directoryWith('a/1.mp4', 'b.mp4');
  expect(await pathsOf(directory, { after: '../../etc/passwd' })).toEqual(['a/1.mp4', 'b.mp4']);
});

it('the media directory may itself be reached by a link', async () => {
  const directory = await directoryWith('a.mp4');
  await symlink(directory, `${directory}-link`);
  onTestFinished(() => rm(`${directory}-link`));
  expect(await pathsOf(`${directory}-link`)).toEqual(['a.mp4']);
});

it('a directory that does not exist is told so', async () => {
  await expect(pathsOf('/nowhere/at/all')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'The media directory does not exist; create it, or correct MIEN_MEDIA_DIR.',
  });
});

it.skipIf(process.getuid?.() === 0)('what may not be read is left out', async () => {
  const directory = await directoryWith('a/1.mp4', 'b.mp4');
  await chmod(join(directory, 'a'), 0);
  expect(await pathsOf(directory)).toEqual(['b.mp4']);
  await chmod(join(directory, 'a'), 0o700);
});
