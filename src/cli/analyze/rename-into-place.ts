import { link, rename, unlink } from 'node:fs/promises';

/** Gives a file that is whole its name. Whether it has it now: nothing was there, or it may be replaced. */
export async function renameIntoPlace(from: string, to: string, mayReplace: boolean): Promise<boolean> {
  if (mayReplace) return rename(from, to).then(() => true);
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // File systems without hard links.
    return rename(from, to).then(() => true);
  }
  await unlink(from);
  return true;
}
