/** What the command line names: files and addresses as they are, directories and patterns as what is found by them. */
import { stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import picomatch from 'picomatch';
import { MienError } from '../../errors.ts';
import { filesBelow } from './files-below.ts';
import { sourceOf } from './input-prefetch.ts';

/** Endings of names by which a file in a directory is taken for a video or a picture; mien itself goes by what is in a file. */
const MEDIA = new Set(
  (
    '3gp asf avi flv gif m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv y4m ' +
    'apng avif bmp heic heif jpeg jpg png tif tiff webp'
  ).split(' '),
);

export interface FoundInput {
  /** A path or an address, as it is named in rows. */
  input: string;
  /** Where its result belongs below a directory of results, without that one's ending; with `/` between parts. */
  place: string;
}

/** A directory, and the patterns that name files below it; none: all that look like videos and pictures. */
interface Search {
  directory: string;
  patterns: string[];
}

/**
 * A directory is searched with all that is below it; a pattern behind it is matched against paths in it, one without a directory
 * against paths from here. Each file once, whatever links lead to it, in the order of their paths; hidden ones are left out.
 * @param left a directory that is left out: of results
 * @throws MienError BAD_INPUT: nothing is found, or a directory cannot be read
 */
export async function findInputs(named: readonly string[], left?: string): Promise<FoundInput[]> {
  const found: FoundInput[] = [];
  for (const part of await searchesIn(named)) {
    if (typeof part === 'string') found.push(asNamed(part));
    else found.push(...(await search(part, left)));
  }
  return found;
}

/** One that is taken as it is. */
export function asNamed(input: string): FoundInput {
  const { type } = sourceOf(input);
  // Of an address, or a device, what file systems take everywhere.
  const place =
    type === 'file' ? basename(resolve(input)) : input.replace(/^\w+:\/\//, '').replace(/[^\w.-]+/g, '_');
  return { input, place };
}

async function searchesIn(named: readonly string[]): Promise<(string | Search)[]> {
  const parts: (string | Search)[] = [];
  for (const name of named) {
    const isPath = sourceOf(name).type === 'file';
    const there = isPath ? await stat(name).catch(() => null) : null;
    const last = parts.at(-1);
    if (there?.isDirectory()) parts.push({ directory: name, patterns: [] });
    else if (there !== null || !isPath || !picomatch.scan(name).isGlob) parts.push(name);
    else if (typeof last === 'object') last.patterns.push(name);
    else parts.push(searchFromHere(name));
  }
  return parts;
}

function searchFromHere(pattern: string): Search {
  const { base, glob } = picomatch.scan(pattern);
  return { directory: base === '' ? '.' : base, patterns: [glob] };
}

async function search({ directory, patterns }: Search, left: string | undefined): Promise<FoundInput[]> {
  // A name may hold any character, also ends of lines.
  const matches = picomatch([...patterns], { flags: 's' });
  const isWanted = patterns.length > 0 ? matches : looksLikeMedia;
  const found = (await filesBelow(directory, left)).filter((path) => isWanted(path));
  if (found.length === 0) throw nothingFound(directory, patterns);
  return found.map((path) => ({ input: join(directory, path), place: path }));
}

function looksLikeMedia(path: string): boolean {
  return MEDIA.has(extname(path).slice(1).toLowerCase());
}

function nothingFound(directory: string, patterns: readonly string[]): MienError {
  const where = directory === '.' ? 'here' : `in ${directory}`;
  return new MienError(
    'BAD_INPUT',
    patterns.length > 0
      ? `No file ${where} matches ${patterns.join(' or ')}: check the pattern (** stands for directories), and quote it.`
      : `There is no video or picture ${where}, by the endings of names: name files, or give a pattern behind it.`,
  );
}
