/** Uploads in a bucket: what lies there, whose it is, and what was left unfinished. */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { isUploadToken } from '../domain/id-format.ts';
import { createKeys, type Keys } from './keys.ts';
import type { ObjectRange, ObjectStorage, StoredObject } from './object-storage.ts';
import { createResumableUploads, type ResumableUploads } from './resumable-uploads.ts';
import { createS3, type S3Options } from './s3.ts';
import { type ComingIn, type StagedUpload, stageUpload } from './staged-upload.ts';
import { sweepUnfinished } from './sweep-unfinished.ts';

/** An upload as it lies there, and the marks of databases of which streams use it. */
export interface ListedUpload {
  token: string;
  modified: Date;
  /** By the id of the database: since when. */
  marks: ReadonlyMap<string, Date>;
}

/** All of it throws MienError UPLOADS_UNAVAILABLE. */
export interface UploadBucket {
  /** As `MIEN_UPLOADS` has it. */
  name: string;
  /** Null: there is none. */
  find(token: string): Promise<Pick<StoredObject, 'size' | 'etag' | 'modified'> | null>;
  /** From `first` up to and including `last`; null: it has gone, or changed. */
  read(token: string, range: ObjectRange): Promise<Readable | null>;
  /** An address under which it can be read for some minutes. */
  presign(token: string): Promise<URL>;
  put(token: string, bytes: Buffer): Promise<void>;
  stage(token: string, maxBytes: number): StagedUpload;
  resumable: ResumableUploads;
  /** Bytes that all of them take, also those that are not whole yet. */
  used(): Promise<number>;
  /** Deletes what nobody went on with for so long, in milliseconds. @returns how many */
  sweepUnfinished(now: number, patience: number): Promise<number>;
  mark(token: string, database: string): Promise<void>;
  unmark(token: string, database: string): Promise<void>;
  /** Whether a stream of any database uses it. */
  isMarked(token: string): Promise<boolean>;
  remove(token: string): Promise<void>;
  list(): Promise<ListedUpload[]>;
  /** Whether all of this may be done. @throws MienError UPLOADS_UNAVAILABLE with what to do */
  check(): Promise<void>;
  /** Whether what is deleted stays as an old version; null: that is not known. */
  keepsVersions(): Promise<boolean | null>;
  close(): void;
}

export interface UploadBucketOptions extends S3Options {
  /** With which all names begin; empty, or with a slash behind. */
  prefix: string;
}

export function openUploadBucket(options: UploadBucketOptions): UploadBucket {
  const s3 = createS3(options);
  const keys = createKeys(options.prefix);
  const comingIn: ComingIn = new Map();
  const resumable = createResumableUploads(s3, keys);
  return {
    name: options.name,
    // No other name: who says one may not reach what others laid beside.
    find: async (token) => (isUploadToken(token) ? s3.head(keys.upload(token)) : null),
    read: (token, range) => s3.get(keys.upload(token), range),
    presign: (token) => s3.presign(keys.upload(token)),
    put: (token, bytes) => s3.put(keys.upload(token), bytes),
    stage: (token, maxBytes) => stageUpload({ s3, keys, comingIn }, token, maxBytes),
    resumable,
    used: () => bytesUsed(s3, keys, resumable, comingIn),
    sweepUnfinished: (now, patience) => sweepUnfinished({ s3, keys, resumable, comingIn }, now - patience),
    mark: (token, database) => s3.put(keys.mark(token, database), database),
    unmark: (token, database) => s3.remove(keys.mark(token, database)),
    async isMarked(token) {
      for await (const _ of s3.list(keys.marksOf(token))) return true;
      return false;
    },
    async remove(token) {
      if (!isUploadToken(token)) return;
      await s3.remove(keys.upload(token));
      // What a request that broke off has kept of it after another brought the rest.
      await resumable.remove(token);
      for await (const { key } of s3.list(keys.marksOf(token))) await s3.remove(key);
    },
    list: () => listUploads(s3, keys),
    check: () => check(s3, keys),
    keepsVersions: () => s3.keepsVersions(),
    close: () => s3.close(),
  };
}

async function bytesUsed(
  s3: ObjectStorage,
  keys: Keys,
  resumable: ResumableUploads,
  comingIn: ComingIn,
): Promise<number> {
  let bytes = 0;
  for await (const { key, size } of s3.list(keys.prefix)) {
    const named = keys.parse(key);
    // Its parts are in no list of objects; what is left over of them is counted with them.
    if (named.what === 'about') bytes += (await resumable.find(named.token))?.offset ?? 0;
    if (named.what === 'upload') bytes += size;
  }
  for (const size of comingIn.values()) bytes += size;
  return bytes;
}

async function listUploads(s3: ObjectStorage, keys: Keys): Promise<ListedUpload[]> {
  const uploads = new Map<string, ListedUpload & { marks: Map<string, Date> }>();
  const marks: { token: string; database: string; modified: Date }[] = [];
  for await (const { key, modified } of s3.list(keys.prefix)) {
    const named = keys.parse(key);
    if (named.what === 'upload') uploads.set(named.token, { token: named.token, modified, marks: new Map() });
    if (named.what === 'mark') marks.push({ ...named, modified });
  }
  for (const { token, database, modified } of marks) uploads.get(token)?.marks.set(database, modified);
  return [...uploads.values()];
}

/** Reads its list, and begins an upload that it gives up at once: nothing is left of it. */
async function check(s3: ObjectStorage, keys: Keys): Promise<void> {
  for await (const _ of s3.list(keys.marksOf('nothing'))) break;
  await s3.abort(await s3.begin(keys.upload(randomBytes(16).toString('hex'))));
}
