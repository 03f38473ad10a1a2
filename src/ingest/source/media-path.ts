import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MienError } from '../../errors.ts';

/**
 * The real path of a file inside `directory`, symbolic links and `..` followed before it is judged.
 * Throws SOURCE_REFUSED (outside), SOURCE_UNREACHABLE (missing, unreadable), SOURCE_NOT_VIDEO (empty, no file).
 */
export async function resolveInside(directory: string, path: string, displayName: string): Promise<string> {
  const root = await realpath(directory).catch(() => {
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `The media directory, in which ${displayName} would lie, does not exist; create it, or correct MIEN_MEDIA_DIR.`,
    );
  });
  const named = resolve(root, path);
  // Judged by name first, so that nobody learns which files exist elsewhere.
  if (path.includes('\0') || !(isInside(root, named) || isInside(resolve(directory), named)))
    throw outsideError(displayName);
  const real = await realpath(named).catch(() => {
    throw new MienError('SOURCE_UNREACHABLE', `There is no file ${displayName}; check the name.`);
  });
  if (!isInside(root, real)) throw outsideError(displayName);
  await assertReadable(real, displayName);
  return real;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function assertReadable(path: string, displayName: string): Promise<void> {
  const found = await stat(path);
  if (!found.isFile())
    throw new MienError('SOURCE_NOT_VIDEO', `${displayName} is not a file; name a video file.`);
  if (found.size === 0)
    throw new MienError('SOURCE_NOT_VIDEO', `${displayName} is empty; copy the video again.`);
  await access(path, constants.R_OK).catch(() => {
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `${displayName} may not be read by mien; change its permissions.`,
    );
  });
}

function outsideError(displayName: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${displayName} is outside the media directory; move it inside, or set MIEN_MEDIA_DIR to where it is.`,
  );
}
