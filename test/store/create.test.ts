/** The first making of the embedded database, cut short and in the way. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDirectory } from '../../src/store/pglite/create-directory.ts';
import { openRemote } from '../../src/store/pglite/pglite-client.ts';

vi.setConfig({ testTimeout: 120_000 });

let place: string;
let directory: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'mien-create-'));
  directory = join(place, 'pglite');
});
afterEach(() => rm(place, { recursive: true }));

it('that fails leaves no database in the place, and the next one makes it whole', async () => {
  const fail = () => Promise.reject(new Error('cut short'));
  await expect(createDirectory(directory, fail)).rejects.toThrow('cut short');
  expect(await readdir(place)).not.toContain('pglite');
  await createDirectory(directory, (remote) => remote.script('CREATE TABLE kept AS SELECT 7 AS value'));
  expect(await readdir(place)).toEqual(['pglite']);
  const remote = openRemote({ directory });
  const { rows } = await remote.query({ sql: 'SELECT value FROM kept', args: [], argTypes: [] });
  expect(rows).toEqual([[7]]);
  await remote.close();
});

it('touches nothing that is in the place already', async () => {
  await mkdir(directory);
  await writeFile(join(directory, 'letter.txt'), 'dear');
  const made = createDirectory(directory, async () => {});
  await expect(made).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await readdir(place)).toEqual(['pglite']);
});
