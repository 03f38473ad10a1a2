/** The file that a recording is, for who plays it. */
import type { SourceInput } from '../../domain/frame.ts';
import { isUploadToken } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';
import { resolveInside } from './media-path.ts';

/** @returns its real path, inside one of both directories; null: it is of no file, or the file is gone */
export async function findRecordedFile(
  directories: { mediaDir: string; uploadsDir: string },
  source: SourceInput,
): Promise<string | null> {
  const named = nameOf(directories, source);
  if (named === null) return null;
  try {
    return await resolveInside(named.directory, named.path, 'The recording');
  } catch (error) {
    if (error instanceof MienError) return null;
    throw error;
  }
}

function nameOf(
  { mediaDir, uploadsDir }: { mediaDir: string; uploadsDir: string },
  source: SourceInput,
): { directory: string; path: string } | null {
  if (source.type === 'file') return { directory: mediaDir, path: source.path };
  if (source.type === 'upload' && isUploadToken(source.token))
    return { directory: uploadsDir, path: source.token };
  return null;
}
