/** Files of the media directory, as they are listed. */
export type MediaFileKind = 'VIDEO' | 'PICTURE' | 'OTHER';

export interface MediaFile {
  /** From the media directory, with `/`. */
  path: string;
  kind: MediaFileKind;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

export interface MediaFileQuery {
  /** Path of a directory in the media directory; null: all of it. */
  folder: string | null;
  /** What their path contains, whatever the case; null: anything. */
  name: string | null;
  /** Null: of any. */
  kinds: readonly MediaFileKind[] | null;
  /** Only those behind this path; null: from the first. */
  after: string | null;
  /** At most so many. */
  most: number;
}
