/**
 * Lists the media directory, folder by folder, in the order of the names. Links are left out, wherever they lead, and so is
 * what begins with a dot; nothing outside the directory is looked at.
 */
import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { MediaFile, MediaFileKind, MediaFileQuery } from '../../domain/media-file.ts';
import { MienError } from '../../errors.ts';

const BY_ENDING = new Map<string, MediaFileKind>([
  ...endings('VIDEO', '3g2 3gp asf avi flv gif h264 h265 hevc ivf m2ts m4v mjpeg mkv mov mp4 mpeg mpg'),
  ...endings('VIDEO', 'mts mxf ogg ogv ts vob webm wmv y4m'),
  ...endings('PICTURE', 'avif bmp heic heif jpeg jpg png tif tiff webp'),
]);

/** Entries that one request looks at. */
const MOST_ENTRIES = 100_000;
/** Folders in folders. */
const DEEPEST = 32;

/** @throws MienError NOT_FOUND (no such folder), BAD_INPUT (too many entries) */
export async function listMediaFiles(directory: string, query: MediaFileQuery): Promise<MediaFile[]> {
  const root = await realpath(directory).catch(() => null);
  const folder = segmentsOf(query.folder ?? '');
  if (root === null || !(await isFolder(root, folder))) throw noFolder(query.folder);
  const files: MediaFile[] = [];
  if (query.most <= 0) return files;
  for await (const segments of walk(root, folder, query.after?.split('/') ?? [], { left: MOST_ENTRIES })) {
    const file = matches(query, segments.join('/')) ? await look(root, segments) : null;
    if (file && files.push(file) >= query.most) break;
  }
  return files;
}

function endings(kind: MediaFileKind, list: string): [string, MediaFileKind][] {
  return list.split(' ').map((ending) => [`.${ending}`, kind]);
}

function segmentsOf(folder: string): string[] {
  return folder.split('/').filter((segment) => segment !== '');
}

/** Whether each step of the way is a folder, and no link, `..` or hidden. */
async function isFolder(root: string, segments: readonly string[]): Promise<boolean> {
  if (segments.some((segment) => segment.startsWith('.') || /[\0\\]/.test(segment))) return false;
  const path = join(root, ...segments);
  return (await realpath(path).catch(() => null)) === path && (await lstat(path)).isDirectory();
}

/** Files behind `after`, depth first. @param looked how many entries may still be looked at */
async function* walk(
  root: string,
  folder: readonly string[],
  after: readonly string[],
  looked: { left: number },
): AsyncGenerator<string[]> {
  for (const entry of await entriesOf(root, folder)) {
    looked.left -= 1;
    if (looked.left < 0) throw tooMany();
    const segments = [...folder, entry.name];
    if (entry.isFile() && compare(segments, after) > 0) yield segments;
    // A folder that comes before `after`, and is not on the way to it, was passed with all that is in it.
    const isPassed = compare(segments, after.slice(0, segments.length)) < 0;
    if (entry.isDirectory() && !isPassed && segments.length < DEEPEST)
      yield* walk(root, segments, after, looked);
  }
}

/** Without what is hidden. What may not be read, or was removed meanwhile, has none; nor has what became a link. */
async function entriesOf(root: string, folder: readonly string[]): Promise<Dirent[]> {
  const path = join(root, ...folder);
  if ((await realpath(path).catch(() => null)) !== path) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch(ifGone<Dirent[]>([]));
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort(({ name: a }, { name: b }) => (a < b ? -1 : 1));
}

/** By the first segment that differs; what ends earlier comes first. */
function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, segment] of a.entries()) {
    const other = b[at];
    if (other === undefined || segment > other) return 1;
    if (segment < other) return -1;
  }
  return a.length - b.length;
}

function matches({ name, kinds }: MediaFileQuery, path: string): boolean {
  return (
    (name === null || path.toLowerCase().includes(name.toLowerCase())) &&
    (kinds === null || kinds.includes(kindOf(path)))
  );
}

/** Null: it is gone, or no file any more. */
async function look(root: string, segments: readonly string[]): Promise<MediaFile | null> {
  const found = await lstat(join(root, ...segments)).catch(ifGone(null));
  if (!found?.isFile()) return null;
  const path = segments.join('/');
  return { path, kind: kindOf(path), size: found.size, modifiedAt: found.mtime };
}

const kindOf = (path: string): MediaFileKind => BY_ENDING.get(extname(path).toLowerCase()) ?? 'OTHER';

/** @throws what is not a sign of a file that was removed, replaced or may not be read */
function ifGone<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(error.code ?? '')) return instead;
    throw error;
  };
}

function noFolder(folder: string | null): MienError {
  return new MienError(
    'NOT_FOUND',
    folder === null
      ? 'The media directory does not exist; create it, or correct MIEN_MEDIA_DIR.'
      : `There is no folder ${JSON.stringify(folder.slice(0, 100))} in the media directory; check the name. Links are not followed.`,
  );
}

function tooMany(): MienError {
  return new MienError(
    'BAD_INPUT',
    `There are more than ${MOST_ENTRIES} files and folders: ask for one \`folder\`.`,
  );
}
