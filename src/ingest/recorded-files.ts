/** Recordings that lie in the directories of files and of uploads, or in the bucket of uploads, for who decodes nothing. */
import type { SourceInput } from '../domain/frame.ts';
import type { MediaFile, MediaFileQuery } from '../domain/media-file.ts';
import type { RecordedFile } from '../domain/recorded-file.ts';
import type { IngestConfig } from './config.ts';
import { findRecordedFile } from './source/find-recorded-file.ts';
import { listMediaFiles } from './source/media-files.ts';

export interface RecordedFiles {
  /** Throws NOT_FOUND (no such folder), BAD_INPUT (too many to look at). */
  mediaFiles(query: MediaFileQuery): Promise<MediaFile[]>;
  /** The file that a source is; null: it is none, or the file is gone. Throws UPLOADS_UNAVAILABLE. */
  recordedFile(source: SourceInput): Promise<RecordedFile | null>;
}

export function createRecordedFiles({
  mediaDir,
  uploadsDir,
  bucket = null,
}: Pick<IngestConfig, 'mediaDir' | 'uploadsDir' | 'bucket'>): RecordedFiles {
  return {
    mediaFiles: (query) => listMediaFiles(mediaDir, query),
    recordedFile: (source) => findRecordedFile({ mediaDir, uploadsDir, bucket }, source),
  };
}
