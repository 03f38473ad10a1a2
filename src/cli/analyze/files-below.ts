/** All files below a directory, each once, whatever links lead to it. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MienError } from '../../errors.ts';

/**
 * Their paths from there, with `/` between parts, in order. Hidden files and directories are left out. Of the ways that lead to one file or
 * directory the one with the fewest parts is taken, and of those one without a link at its end.
 * @param left a directory that is left out
 * @throws MienError BAD_INPUT: a directory cannot be read, or it is the one that is to be left out
 */
export async function filesBelow(directory: string, left: string | undefined): Promise<string[]> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  const seen = new Set<string>(left === undefined ? [] : [await real(left)]);
  if (left !== undefined && seen.has(await real(directory))) throw isItself(left);
  const paths: string[] = [];
  let level = [''];
  while (level.length > 0) {
    const next: string[] = [];
    for (const { path, isDirectory } of await entriesOf(directory, level, seen, real)) {
      const file = await real(join(directory, path));
      if (isDirectory) next.push(path);
      else if (!seen.has(file)) paths.push(path);
      if (!isDirectory) seen.add(file);
    }
    level = next;
  }
  return paths.sort();
}

interface Entry {
  path: string;
  isDirectory: boolean;
  isLink: boolean;
}

/** Of directories of one level that were not seen before; links last. */
async function entriesOf(
  directory: string,
  level: readonly string[],
  seen: Set<string>,
  real: (path: string) => Promise<string>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const below of level) {
    const path = join(directory, below);
    const itself = await real(path);
    if (seen.has(itself)) continue;
    seen.add(itself);
    entries.push(...(await entriesIn(path, below)));
  }
  return entries.sort((one, other) => Number(one.isLink) - Number(other.isLink));
}

async function entriesIn(path: string, below: string): Promise<Entry[]> {
  const found = await readdir(path, { withFileTypes: true }).catch((error: Error) => {
    throw new MienError('BAD_INPUT', `The directory ${path} cannot be read: ${error.message}.`);
  });
  const entries: Entry[] = [];
  for (const one of found.filter(({ name }) => !name.startsWith('.')).sort(byName)) {
    // Of a link what it leads to; one that leads nowhere is nothing.
    const isLink = one.isSymbolicLink();
    const kind = isLink ? await stat(join(path, one.name)).catch(() => null) : one;
    if (!kind?.isDirectory() && !kind?.isFile()) continue;
    entries.push({
      path: below === '' ? one.name : `${below}/${one.name}`,
      isDirectory: kind.isDirectory(),
      isLink,
    });
  }
  return entries;
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function isItself(left: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `--out-dir ${left} is the directory of the inputs: name another one, which may lie in it, such as ${join(left, 'results')}.`,
  );
}
