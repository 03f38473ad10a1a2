/** One run at a time writes to a directory of results. */
import { readFile, writeFile } from 'node:fs/promises';
import { MienError } from '../errors.ts';

/** @param file holds the number of the process that writes to `directory`. @throws MienError BAD_INPUT: another one does */
export async function lockRun(directory: string, file: string): Promise<void> {
  const other = Number(await readFile(file, 'utf8').catch(() => ''));
  if (other > 0 && other !== process.pid && isAlive(other)) {
    throw new MienError(
      'BAD_INPUT',
      `Process ${other} writes to ${directory}: wait for it, or name another directory (if it is no mien, remove ${file}).`,
    );
  }
  await writeFile(file, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
