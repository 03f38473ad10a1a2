/** The file that a recording is, for who plays it. */
import type { SourceInput } from '../../domain/frame.ts';
import { isUploadToken } from '../../domain/id-format.ts';
import type { RecordedFile } from '../../domain/recorded-file.ts';
import { MienError } from '../../errors.ts';
import { resolveInside } from './media-path.ts';
import type { UploadBucket } from './stored-upload.ts';

interface Places {
  mediaDir: string;
  uploadsDir: string;
  /** Where uploads lie instead; null: in that directory. */
  bucket: UploadBucket | null;
}

/**
 * @returns its real path, inside one of both directories, or what lies in the bucket; null: it is of no file, or the file is gone
 * @throws MienError UPLOADS_UNAVAILABLE
 */
export async function findRecordedFile(places: Places, source: SourceInput): Promise<RecordedFile | null> {
  if (source.type === 'file') return findInside(places.mediaDir, source.path);
  if (source.type !== 'upload' || !isUploadToken(source.token)) return null;
  const { bucket, uploadsDir } = places;
  return bucket === null ? findInside(uploadsDir, source.token) : findStored(bucket, source.token);
}

async function findInside(directory: string, path: string): Promise<string | null> {
  try {
    return await resolveInside(directory, path, 'The recording');
  } catch (error) {
    if (error instanceof MienError) return null;
    throw error;
  }
}

async function findStored(bucket: UploadBucket, token: string): Promise<RecordedFile | null> {
  const found = await bucket.find(token);
  if (found === null) return null;
  const { etag } = found;
  return { ...found, read: (first, last) => bucket.read(token, { first, last, etag }) };
}
