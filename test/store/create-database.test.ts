/** Creating the embedded database, cut short, and where something else is in its place. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabaseDirectory } from '../../src/store/pglite/create-database-directory.ts';
import { PgliteClient } from '../../src/store/pglite/pglite-client.ts';

vi.setConfig({ testTimeout: 120_000 });

let place: string;
let directory: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'mien-create-'));
  directory = join(place, 'pglite');
});
afterEach(() => rm(place, { recursive: true }));

it('a database whose creation fails is not there at all, and the next start creates it whole', async () => {
  const fail = () => Promise.reject(new Error('cut short'));
  await expect(createDatabaseDirectory(directory, fail, () => {})).rejects.toThrow('cut short');
  expect(await readdir(place)).not.toContain('pglite');
  const told: string[] = [];
  await createDatabaseDirectory(
    directory,
    (client) => client.runScript('CREATE TABLE kept AS SELECT 7 AS value'),
    (words) => told.push(words),
  );
  expect(told).toEqual([
    'creating the database, once; this takes some seconds',
    expect.stringMatching(/^the database was created in [1-9]\d* s$/),
  ]);
  expect(await readdir(place)).toEqual(['pglite']);
  const client = new PgliteClient({ directory });
  const { rows } = await client.query({ sql: 'SELECT value FROM kept', args: [], argTypes: [] });
  expect(rows).toEqual([[7]]);
  await client.close();
});

it('a database is not created where other files lie, and they are not touched', async () => {
  await mkdir(directory);
  await writeFile(join(directory, 'letter.txt'), 'dear');
  const made = createDatabaseDirectory(
    directory,
    async () => {},
    (words) => expect.unreachable(words),
  );
  await expect(made).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await readdir(place)).toEqual(['pglite']);
});
