/** The body of an upload on its way to the disk: cut where it is too much, and apart from the request that brings it. */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { MienError } from '../../errors.ts';
import type { UploadSpace } from './upload-space.ts';

/** The body apart from its request, which an error must not destroy: it carries the answer. */
export function bodyOf(request: IncomingMessage): Readable {
  const body = new PassThrough();
  const end = () => {
    if (!request.complete) body.destroy(new MienError('BAD_INPUT', 'The upload was cut off; send it again.'));
  };
  // Its client may have left before anything was read.
  if (request.closed) queueMicrotask(end);
  else request.once('close', end);
  return request.pipe(body);
}

/** Someone who is still sending reads the answer only if we go on listening for a while. */
export function lingerWith(request: IncomingMessage): void {
  request.unpipe();
  request.resume();
  const patience = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(patience));
}

const LINGER_MS = 2_000;

/** Passes on what there is room for; fails otherwise. `size` tells how much came. */
export function limitBytes(maxBytes: number, space: UploadSpace, size = { bytes: 0 }): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size.bytes += chunk.length;
      try {
        if (size.bytes > maxBytes) throw tooLarge(maxBytes);
        space.take(chunk.length);
        callback(null, chunk);
      } catch (error) {
        callback(error as MienError);
      }
    },
  });
}

export function tooLarge(maxBytes: number): MienError {
  return new MienError(
    'UPLOAD_TOO_LARGE',
    `Uploads may have ${maxBytes} bytes at most: cut the video, or have MIEN_MAX_UPLOAD raised.`,
  );
}
