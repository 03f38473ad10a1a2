/** Where uploads come to lie: those that are whole under their token, others where no stream can name them. */
import { randomBytes } from 'node:crypto';
import type { Readable, Transform } from 'node:stream';
import type { DataStore } from '@tus/server';

export interface UploadFiles {
  /** One that comes in one request. @param maxBytes as many as it may have */
  stage(token: string, maxBytes: number): StagedUpload;
  /** Those that can be gone on with. */
  resumable: ResumableFiles;
  /** Bytes of a finished one; null: there is none. */
  size(token: string): Promise<number | null>;
  /** Deletes a finished one that no stream has taken. @returns whether it is gone */
  discard(token: string): Promise<boolean>;
  /** Bytes that all of them take, also those that are not whole yet. */
  used(): Promise<number>;
  /** Deletes what nobody goes on with. @returns how many */
  sweep(now?: number): Promise<number>;
}

/** Whole, and under no token yet: what follows it in a form may still be broken. */
export interface StagedUpload {
  /** @param limit fails where it is too much */
  write(body: Readable, limit: Transform): Promise<void>;
  /** From now on a stream can be registered with it. */
  finish(): Promise<void>;
  /** Nothing of it is left behind. */
  discard(): Promise<void>;
}

/** As the server of the tus protocol keeps them. */
export interface ResumableFiles {
  store: DataStore;
  /** How the store calls one; it ends with the token. */
  idOf(token: string): string;
  /** Of one of which all is there: from now on a stream can be registered with it. */
  finish(token: string): Promise<void>;
}

export function newToken(): string {
  return randomBytes(16).toString('hex');
}
