/** The uploads of streams: taken by the first stream that uses one, released after the last. */
import type { Log } from '../domain/log.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { StreamBook, Uploads } from './ports.ts';

export interface ShelfDeps {
  uploads?: Uploads;
  streams: Pick<StreamBook, 'byUpload'>;
  log: Log;
}

/** Neither rejects: a file that stays behind is no reason to fail, what no stream uses is looked for again every hour. */
export interface Shelf {
  take(stream: StreamRecord): Promise<void>;
  /** Of a stream that was removed; what another one uses stays. */
  release(stream: StreamRecord): Promise<void>;
}

export function createShelf({ uploads, streams, log }: ShelfDeps): Shelf {
  const shelve = async ({ id, source }: StreamRecord, what: 'take' | 'release') => {
    if (source.type !== 'upload') return;
    try {
      if (what === 'release' && (await streams.byUpload(source.token)).length > 0) return;
      await uploads?.[what](source.token);
    } catch (error) {
      log.warn({ err: error, stream: id }, `could not ${what} an upload`);
    }
  };
  return {
    take: (stream) => shelve(stream, 'take'),
    release: (stream) => shelve(stream, 'release'),
  };
}
