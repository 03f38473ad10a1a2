import type { Readable } from 'node:stream';

/** A recording that lies in a bucket, as it was when it was asked after. */
export interface StoredRecording {
  /** Bytes. */
  size: number;
  /** Changes with its bytes; in its quotes. */
  etag: string;
  modified: Date;
  /** From `first` up to and including `last`; null: it has gone, or changed. @throws MienError UPLOADS_UNAVAILABLE */
  read(first: number, last: number): Promise<Readable | null>;
}

/** The file that a source is: its path, or what lies in a bucket. */
export type RecordedFile = string | StoredRecording;
