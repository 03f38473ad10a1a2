/** An upload in a bucket as a source: ffmpeg reads it by ranges, through a server of ours, as it would read a file. */
import type { Readable } from 'node:stream';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import { goneError, type ObjectProxy, openObjectProxy } from '../network/http/object-proxy.ts';
import { damagedEndOf } from './damaged-end.ts';
import { type HeicAccess, openHeic } from './heic-source.ts';
import { lookAtPicture } from './look-at-picture.ts';
import { localSource, type ResolvedSource, unreadableAs } from './resolved-source.ts';

/** A bucket of uploads, as decoding and playing need it. Throws MienError UPLOADS_UNAVAILABLE. */
export interface UploadBucket {
  /** As people know it. */
  name: string;
  /** Null: there is none. */
  find(token: string): Promise<{ size: number; etag: string; modified: Date } | null>;
  /** From `first` up to and including `last`; null: it has gone, or changed. */
  read(token: string, range: { first: number; last: number; etag: string }): Promise<Readable | null>;
  /** An address under which it can be read for some minutes. */
  presign(token: string): Promise<URL>;
}

interface StoredAccess extends HeicAccess {
  bucket: UploadBucket;
  connectSeconds: number;
}

/** Throws UPLOADS_UNAVAILABLE, SOURCE_NOT_VIDEO, SOURCE_REFUSED; the signal's reason when it aborts. */
export async function resolveStoredUpload(
  token: string,
  displayName: string,
  access: StoredAccess,
  signal: AbortSignal,
): Promise<ResolvedSource> {
  const { bucket, connectSeconds } = access;
  const found = await unlessAborted(signal, () => bucket.find(token));
  if (found === null) throw goneError();
  const object = { ...found, storage: bucket.name, presign: () => bucket.presign(token) };
  const gate = await openObjectProxy(object, connectSeconds);
  try {
    return await unlessAborted(signal, () => lookAt(gate, found.size, displayName, access, signal));
  } catch (error) {
    gate.close();
    throw error;
  }
}

async function lookAt(
  { bytesAt, ...gate }: ObjectProxy,
  size: number,
  displayName: string,
  access: StoredAccess,
  signal: AbortSignal,
): Promise<ResolvedSource> {
  const picture = await lookAtPicture(bytesAt);
  const { demuxer, orientation, rare, isHeic } = picture ?? {};
  if (isHeic) {
    const heic = await openHeic(bytesAt, displayName, access, signal);
    gate.close();
    return { ...localSource(heic.input, displayName), ...heic };
  }
  const unreadable = unreadableAs(displayName, picture);
  if (rare && !rare.isTried) throw unreadable;
  const input = {
    ...({ kind: 'upload' } as const),
    ...{ url: gate.url, format: demuxer, orientation, proxyPort: gate.port },
  };
  return {
    ...localSource(input, displayName),
    ...{ unreadable, hasDamagedEnd: await damagedEndOf(bytesAt, size) },
    ...{ networkError: gate.networkError, close: gate.close },
  };
}
