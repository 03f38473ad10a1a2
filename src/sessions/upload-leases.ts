/** A stream's lease on its upload: acquired by the first stream that uses one, released after the last. */
import type { Log } from '../domain/log.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { StreamRepository, UploadStore } from './ports.ts';

export interface UploadLeasesDeps {
  uploads?: UploadStore;
  streams: Pick<StreamRepository, 'byUpload'>;
  log: Log;
}

/** Neither rejects: a file that stays behind is no reason to fail, what no stream uses is looked for again every hour. */
export interface UploadLeases {
  acquire(stream: StreamRecord): Promise<void>;
  /** Of a stream that was removed; what another one uses stays. */
  release(stream: StreamRecord): Promise<void>;
}

export function createUploadLeases({ uploads, streams, log }: UploadLeasesDeps): UploadLeases {
  const change = async ({ id, source }: StreamRecord, what: 'take' | 'release') => {
    if (source.type !== 'upload') return;
    try {
      if (what === 'release' && (await streams.byUpload(source.token)).length > 0) return;
      await uploads?.[what](source.token);
    } catch (error) {
      log.warn({ err: error, stream: id }, `could not ${what} an upload`);
    }
  };
  return {
    acquire: (stream) => change(stream, 'take'),
    release: (stream) => change(stream, 'release'),
  };
}
