/** The first making of a database: after a crash or a power cut there is a whole one, or none. */
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MienError } from '../../errors.ts';
import { openRemote, type Remote } from './pglite-client.ts';
import { syncDirectory, syncTree } from './sync-tree.ts';

/**
 * Makes a database beside `directory`, lets `fill` put the first things into it, and moves it there once all of it is
 * on the disk: PGlite copies hundreds of files of which PostgreSQL, not yet started, can sync none.
 * @throws MienError CONFIG_INVALID when something else is in the place
 */
export async function createDirectory(
  directory: string,
  fill: (remote: Remote) => Promise<void>,
): Promise<void> {
  if (!(await isFree(directory))) {
    throw new MienError(
      'CONFIG_INVALID',
      `${directory} holds files, but no database. Move them away, or choose another data directory.`,
    );
  }
  const draft = `${directory}.draft`;
  await rm(draft, { recursive: true, force: true });
  const remote = openRemote({ directory: draft });
  try {
    await fill(remote);
    await remote.close();
  } catch (error) {
    await remote.abandon();
    throw error;
  }
  await syncTree(draft);
  await rename(draft, directory);
  await syncDirectory(dirname(directory));
}

async function isFree(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
