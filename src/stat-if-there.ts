import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Null where there is no such file: others remove files meanwhile. */
export async function statIfThere(path: string): Promise<Stats | null> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
