/** What mien asks of storage that keeps objects in a bucket. */
import type { Readable } from 'node:stream';

export interface StoredObject {
  key: string;
  /** Bytes. */
  size: number;
  /** Changes with its bytes; in its quotes. */
  etag: string;
  modified: Date;
}

/** Where the parts of an upload come together. */
export interface Multipart {
  key: string;
  uploadId: string;
}

export interface Part {
  /** From 1. */
  number: number;
  etag: string;
  /** Bytes. */
  size: number;
  modified: Date;
}

export interface ObjectRange {
  first: number;
  last: number;
  /** Of what is meant. */
  etag: string;
}

/** All of it throws MienError UPLOADS_UNAVAILABLE, and SHUTTING_DOWN of what closing cuts off. */
export interface ObjectStorage {
  /** Null: there is none. */
  head(key: string): Promise<StoredObject | null>;
  /** From `first` up to and including `last`; null: there is none, or it has changed. */
  get(key: string, range: ObjectRange): Promise<Readable | null>;
  /** All of what is short; null: there is none. */
  read(key: string): Promise<Buffer | null>;
  put(key: string, body: Buffer | string): Promise<void>;
  /** Also of what is not there. */
  remove(key: string): Promise<void>;
  list(prefix: string): AsyncGenerator<StoredObject, void, undefined>;
  begin(key: string): Promise<Multipart>;
  putPart(to: Multipart, number: number, body: Buffer): Promise<string>;
  /** Null: it is complete, or was aborted. */
  parts(of: Multipart): Promise<Part[] | null>;
  /** @returns false: it is complete, or was aborted */
  complete(what: Multipart, parts: readonly Pick<Part, 'number' | 'etag'>[]): Promise<boolean>;
  abort(what: Multipart): Promise<void>;
  /** Those that are neither complete nor aborted; some storages tell of none. */
  begun(prefix: string): AsyncGenerator<Multipart & { begunAt: Date }, void, undefined>;
  /** An address under which it can be read for some minutes, without keys. Nobody is asked. */
  presign(key: string): Promise<URL>;
  /** Whether what is deleted there stays as an old version; null: these keys may not ask, or nobody knows. */
  keepsVersions(): Promise<boolean | null>;
  close(): void;
}
