/** Recordings that lie in the directories of files and of uploads, for who decodes nothing. */
import type { SourceInput } from '../domain/frame.ts';
import type { MediaFile, MediaFileQuery } from '../domain/media-file.ts';
import type { IngestConfig } from './config.ts';
import { listMediaFiles } from './source/media-files.ts';
import { findRecordedFile } from './source/recorded-file.ts';

export interface RecordedFiles {
  /** Throws NOT_FOUND (no such folder), BAD_INPUT (too many to look at). */
  mediaFiles(query: MediaFileQuery): Promise<MediaFile[]>;
  /** The real path of the file that a source is; null: it is none, or the file is gone. */
  recordedFile(source: SourceInput): Promise<string | null>;
}

export function createRecordedFiles(config: Pick<IngestConfig, 'mediaDir' | 'uploadsDir'>): RecordedFiles {
  return {
    mediaFiles: (query) => listMediaFiles(config.mediaDir, query),
    recordedFile: (source) => findRecordedFile(config, source),
  };
}
