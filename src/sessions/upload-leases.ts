/**
 * A stream's lease on its upload: acquired by the first stream that uses one, released after the last. A removal offers
 * it first and settles it afterwards, so that whatever ends the server in between, the sweep of uploads does the rest.
 */
import type { Log } from '../domain/log.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { UploadStore } from './erasure-ports.ts';
import type { StreamRepository } from './ports.ts';

export interface UploadLeasesDeps {
  uploads?: UploadStore;
  streams: Pick<StreamRepository, 'byUpload'>;
  log: Log;
}

/** Neither rejects: a file that stays behind is no reason to fail, what no stream uses is looked for again every hour. */
export interface UploadLeases {
  acquire(stream: StreamRecord): Promise<void>;
  /** Of a stream that is about to be removed. */
  offer(stream: StreamRecord): Promise<void>;
  /** After a removal: deletes the upload, or keeps it where a stream uses it: another one, or this one, if that failed. */
  settle(stream: StreamRecord): Promise<void>;
}

export function createUploadLeases({ uploads, streams, log }: UploadLeasesDeps): UploadLeases {
  const change = async ({ id, source }: StreamRecord, what: keyof UploadStore) => {
    if (source.type !== 'upload') return;
    try {
      const isUsed = what === 'release' && (await streams.byUpload(source.token)).length > 0;
      await uploads?.[isUsed ? 'take' : what](source.token);
    } catch (error) {
      log.warn({ err: error, stream: id }, `could not ${what} an upload`);
    }
  };
  return {
    acquire: (stream) => change(stream, 'take'),
    offer: (stream) => change(stream, 'offer'),
    settle: (stream) => change(stream, 'release'),
  };
}
