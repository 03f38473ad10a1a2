/** Creates the embedded database: after a crash or a power cut there is a whole one, or none. */
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MienError } from '../../errors.ts';
import { syncDirectory, syncTree } from './fsync-files.ts';
import { PgliteClient } from './pglite-client.ts';

/**
 * Creates a database beside `directory`, lets `fill` put the first things into it, and renames it once all of it is on
 * the disk: PGlite copies hundreds of files of which PostgreSQL, not yet started, can sync none.
 * @param tell takes a line when it begins and one when it is done: it takes long enough that somebody may wonder
 * @throws MienError CONFIG_INVALID when something else is in the place
 */
export async function createDatabaseDirectory(
  directory: string,
  fill: (client: PgliteClient) => Promise<void>,
  tell: (words: string) => void,
): Promise<void> {
  if (!(await isFree(directory))) {
    throw new MienError(
      'CONFIG_INVALID',
      `${directory} holds files, but no database. Move them away, or choose another data directory.`,
    );
  }
  tell('creating the database, once; this takes some seconds');
  const began = performance.now();
  const draft = `${directory}.draft`;
  await rm(draft, { recursive: true, force: true });
  const client = new PgliteClient({ directory: draft });
  try {
    await fill(client);
    await client.close();
  } catch (error) {
    await client.abandon();
    throw error;
  }
  await syncTree(draft);
  await rename(draft, directory);
  await syncDirectory(dirname(directory));
  tell(`the database was created in ${Math.ceil((performance.now() - began) / 1000)} s`);
}

async function isFree(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
