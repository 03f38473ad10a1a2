/**
 * The sizes of the embedded database's files, noted at each checkpoint and when it is closed. PostgreSQL opens on a table that
 * somebody cut, and answers without its rows; a file that is shorter than it was noted is noticed before that.
 *
 * 1. Sizes are taken, PostgreSQL writes everything to the disk (a checkpoint), and the sizes are noted. What files get
 *    from then on is also in the log that is replayed after a crash: nothing is lost that neither of them tells.
 * 2. Before a statement that may make files shorter, or remove them, the note is withdrawn.
 * 3. So a file that is shorter than in a note was cut by somebody else, crash or not.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import { syncDirectory } from './fsync-files.ts';
import { firstWithoutPage, relationSizes } from './relation-files.ts';

const NOTE = 'mien-sizes.json';
const Sizes = z.record(z.string(), z.number());

/** To be called while nothing is written. @param checkpoint makes PostgreSQL write to the disk what it has written */
export async function noteFileSizes(directory: string, checkpoint: () => Promise<unknown>): Promise<void> {
  const sizes = relationSizes(directory);
  await checkpoint();
  const draft = join(directory, `${NOTE}.draft`);
  const file = await open(draft, 'w');
  try {
    await file.writeFile(JSON.stringify(sizes));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(directory, NOTE));
  await syncDirectory(directory);
}

/** Removes the note, if there is one; on the disk, too. */
export async function withdrawFileSizes(directory: string): Promise<void> {
  await rm(join(directory, NOTE), { force: true });
  await syncDirectory(directory);
}

/** Whether a statement may make files shorter or remove them; of a kind that is not known here it is thought. */
export function mayShrinkFiles(sql: string): boolean {
  return !/^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SHOW|CHECKPOINT)\b/i.test(
    sql,
  );
}

/**
 * To be called before the database is opened.
 * @throws MienError CONFIG_INVALID when a file is shorter than it was noted, or gone, or is none of PostgreSQL's
 */
export async function assertUndamaged(directory: string): Promise<void> {
  const found = relationSizes(directory);
  for (const [path, size] of Object.entries((await readNote(directory)) ?? {})) {
    const now = found[path] ?? 0;
    if (now < size) throw wasCut(directory, path, size, now);
  }
  const broken = firstWithoutPage(directory, Object.keys(found));
  if (broken !== null) throw isNoTable(directory, broken);
}

async function readNote(directory: string): Promise<z.infer<typeof Sizes> | null> {
  try {
    return Sizes.safeParse(JSON.parse(await readFile(join(directory, NOTE), 'utf8'))).data ?? null;
  } catch (error) {
    // A torn note says nothing; neither does none.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function wasCut(directory: string, path: string, size: number, now: number): MienError {
  const what = now === 0 ? 'is empty or gone' : `has ${now} bytes`;
  return new MienError(
    'CONFIG_INVALID',
    `The embedded database in ${directory} was damaged by something else than mien: ${path} ${what}, of at least ${size} that it had. Restore the directory from a backup; or, to go on with what is left, delete ${NOTE} in it.`,
  );
}

function isNoTable(directory: string, path: string): MienError {
  return new MienError(
    'CONFIG_INVALID',
    `The embedded database in ${directory} was damaged by something else than mien: ${path} does not begin as files of PostgreSQL do. Restore the directory from a backup, or move it away to begin with an empty database.`,
  );
}
