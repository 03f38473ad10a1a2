/** Where uploads lie, as `MIEN_UPLOADS` says: a directory, or a bucket, whose client is loaded only then. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBucketFiles } from '../../api/uploads/bucket-files.ts';
import { openDirectoryFiles } from '../../api/uploads/directory-files.ts';
import type { UploadFiles } from '../../api/uploads/upload-files.ts';
import type { UploadBucket } from '../../bucket/index.ts';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import type { MienError } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { createBucketRetention } from './bucket-retention.ts';
import { createUploadRetention, type UploadRetention } from './upload-retention.ts';

export interface Uploads extends UploadRetention {
  /** Null: they lie in a directory. */
  bucket: UploadBucket | null;
}

export async function openUploads(
  { uploadsDir: directory, uploadsBucket }: Config,
  { streams, newest }: Store,
  log: Log,
): Promise<Uploads> {
  const isTaken = async (token: string) => (await streams.byUpload(token)).length > 0;
  if (uploadsBucket === null) {
    await mkdir(directory, { recursive: true });
    return { ...createUploadRetention({ directory, isTaken, log }), bucket: null };
  }
  const { openUploadBucket } = await import('../../bucket/index.ts');
  const bucket = openUploadBucket(uploadsBucket);
  const database = await newest.databaseId();
  const retention = createBucketRetention({ bucket, database, isTaken, log });
  return {
    ...retention,
    bucket,
    async close() {
      // First, so that what waits for an answer is not waited for.
      bucket.close();
      await retention.close();
    },
  };
}

/** Tells at the start what is wrong with the bucket; streams that need none of it run all the same. */
export function tellBucket(
  { bucket }: Pick<Uploads, 'bucket'>,
  log: Pick<Log, 'info' | 'warn'>,
): Promise<void> {
  return bucket === null ? Promise.resolve() : checkBucket(bucket, log);
}

/** Never rejects. */
async function checkBucket(bucket: UploadBucket, log: Pick<Log, 'info' | 'warn'>): Promise<void> {
  const uploads = bucket.name;
  try {
    await bucket.check();
    log.info({ uploads }, 'uploads lie in this bucket');
    if (await bucket.keepsVersions()) log.warn({ uploads }, VERSIONS);
  } catch (error) {
    const { code, message } = error as MienError;
    if (code !== 'SHUTTING_DOWN') log.warn({ uploads }, message);
  }
}

const VERSIONS =
  'the bucket of uploads keeps old versions of what is deleted: what is erased, or goes by retention, is still there; suspend its versions, and have a rule of the bucket delete old ones';

/** As the API takes them in. */
export function uploadFilesOf({ bucket }: Uploads, { uploadsDir }: Config): UploadFiles {
  return bucket === null ? openDirectoryFiles(uploadsDir) : openBucketFiles(bucket);
}

/** Where a file can be laid that nobody sends. */
export interface UploadPlace {
  /** Bytes; null: there is none. */
  size(token: string): Promise<number | null>;
  /** Whole or not at all, also when it is asked for twice at once. */
  put(token: string, bytes: Buffer): Promise<void>;
}

export function uploadPlaceOf({ bucket }: Uploads, { uploadsDir }: Config): UploadPlace {
  if (bucket !== null) {
    return { size: async (token) => (await bucket.find(token))?.size ?? null, put: bucket.put };
  }
  return {
    size: async (token) => (await stat(join(uploadsDir, token)).catch(() => null))?.size ?? null,
    async put(token, bytes) {
      const path = join(uploadsDir, token);
      const part = `${path}.${randomUUID()}`;
      await writeFile(part, bytes);
      await rename(part, path);
    },
  };
}
