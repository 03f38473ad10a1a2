/** Uploads in a bucket: parts come together there, and are under their token when all have come. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DataStore, ERRORS, Upload } from '@tus/server';
import type { UploadFiles } from './upload-files.ts';

/** A bucket of uploads, as this needs it; all of it throws MienError UPLOADS_UNAVAILABLE. */
export interface UploadBucket {
  find(token: string): Promise<{ size: number } | null>;
  stage(
    token: string,
    maxBytes: number,
  ): {
    write(body: AsyncIterable<Buffer>): Promise<void>;
    finish(): Promise<void>;
    discard(): Promise<void>;
  };
  resumable: ResumableParts;
  isMarked(token: string): Promise<boolean>;
  remove(token: string): Promise<void>;
  used(): Promise<number>;
  sweepUnfinished(now: number, patience: number): Promise<number>;
}

interface ResumableParts {
  begin(token: string, size: number, about: Record<string, unknown>): Promise<void>;
  find(token: string): Promise<{ size: number; about: Record<string, unknown>; offset: number } | null>;
  append(token: string, offset: number, body: Readable): Promise<number | 'elsewhere' | null>;
  finish(token: string): Promise<void>;
  remove(token: string): Promise<void>;
}

/** A bucket tells when a part came, not when a body last grew, so that both kinds are given the time of the slower one. */
const ABANDONED_MS = 24 * 3_600_000;

export function openBucketFiles(bucket: UploadBucket): UploadFiles {
  return {
    stage(token, maxBytes) {
      const { write, finish, discard } = bucket.stage(token, maxBytes);
      // Who fails first ends the other: a body that breaks off, or a storage that does.
      return { finish, discard, write: (body, limit) => pipeline(body, limit, (bytes) => write(bytes)) };
    },
    resumable: {
      store: new BucketStore(bucket.resumable),
      idOf: (token) => token,
      finish: (token) => bucket.resumable.finish(token),
    },
    size: async (token) => (await bucket.find(token))?.size ?? null,
    async discard(token) {
      if (await bucket.isMarked(token)) return false;
      await bucket.remove(token);
      return true;
    },
    used: () => bucket.used(),
    sweep: (now = Date.now()) => bucket.sweepUnfinished(now, ABANDONED_MS),
  };
}

class BucketStore extends DataStore {
  readonly #parts: ResumableParts;

  constructor(parts: ResumableParts) {
    super();
    this.#parts = parts;
    this.extensions = ['creation', 'creation-with-upload', 'termination'];
  }

  override async create(upload: Upload): Promise<Upload> {
    const { id, size, metadata } = upload;
    if (size === undefined) throw ERRORS.INVALID_LENGTH;
    upload.creation_date = new Date().toISOString();
    await this.#parts.begin(id, size, { metadata, creation_date: upload.creation_date });
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const found = await this.#parts.find(id);
    if (found === null) throw ERRORS.FILE_NOT_FOUND;
    const { size, offset, about } = found;
    return new Upload({ ...about, id, size, offset });
  }

  /** One request at a time goes on with it here; at another server one may have brought more since this one asked how much there is. */
  override async write(body: Readable, id: string, offset: number): Promise<number> {
    const bytes = await this.#parts.append(id, offset, body);
    if (bytes === null) throw ERRORS.FILE_NOT_FOUND;
    if (bytes === 'elsewhere') throw ERRORS.INVALID_OFFSET;
    return bytes;
  }

  override async remove(id: string): Promise<void> {
    if ((await this.#parts.find(id)) === null) throw ERRORS.FILE_NOT_FOUND;
    await this.#parts.remove(id);
  }
}
