/** A HEIC picture as a source. ffmpeg would read one of the tiles that it is made of, so that it is handed the whole one. */
import { MienError } from '../../errors.ts';
import type { FfmpegInput } from '../ffmpeg/ffmpeg-args.ts';
import { servePicture } from '../network/http/serve-picture.ts';
import type { HeicDecoder } from './heic-decoder.ts';
import type { HeicFailure, LumaPicture } from './heic-protocol.ts';
import type { BytesAt } from './read-at-offset.ts';

/** Phones write 2 MB; 64 are what is kept of a body that comes by HTTP. */
const MAX_BYTES = 64 * 2 ** 20;
const FIRST_BYTES = 2 ** 20;

export interface HeicAccess {
  heic: HeicDecoder;
  maxPixels: number;
}

export interface HeicSource {
  input: FfmpegInput;
  /** What it is coded in, which ffmpeg does not see. */
  codec: string;
  size: { width: number; height: number };
  close(): void;
}

/** Throws SOURCE_NOT_VIDEO, SOURCE_REFUSED; the signal's reason when it aborts. */
export async function openHeic(
  bytesAt: BytesAt,
  displayName: string,
  { heic, maxPixels }: HeicAccess,
  signal: AbortSignal,
): Promise<HeicSource> {
  const bytes = await readWhole(bytesAt, signal);
  if (bytes.length >= MAX_BYTES) throw tooManyBytes(displayName);
  const answer = await heic.decode({ bytes: new Uint8Array(bytes), maxPixels }, signal);
  if ('failure' in answer) throw heicError(displayName, answer.failure, answer.reason, maxPixels);
  const { width, height, luma }: LumaPicture = answer.picture;
  // Portable graymap, https://netpbm.sourceforge.net/doc/pgm.html
  const head = Buffer.from(`P5\n${width} ${height}\n255\n`);
  const { url, port, close } = await servePicture([head, luma]);
  return {
    input: { kind: 'http', url, proxyPort: port, format: 'pgm_pipe' },
    ...{ codec: 'hevc', size: { width, height }, close },
  };
}

/** Twice as much each time: what comes by HTTP has its limit of time for each piece. */
async function readWhole(bytesAt: BytesAt, signal: AbortSignal): Promise<Buffer> {
  for (let length = FIRST_BYTES; ; length *= 2) {
    signal.throwIfAborted();
    const bytes = await bytesAt(0, length);
    if (bytes.length < length || length >= MAX_BYTES) return bytes;
  }
}

function tooManyBytes(displayName: string): MienError {
  const limit = `${MAX_BYTES / 2 ** 20} MB`;
  return new MienError(
    'SOURCE_REFUSED',
    `${displayName} is a HEIC picture of ${limit} or more, which is the limit; save it as JPEG or PNG.`,
  );
}

const SENTENCES: Record<HeicFailure, string> = {
  damaged: 'is a HEIC picture that is cut off or damaged; copy it again, or save it as JPEG or PNG',
  unsupported: 'is a HEIC picture, which mien cannot read here; save it as JPEG or PNG',
  'too slow': 'is a HEIC picture that takes too long to decode; save it as JPEG or PNG',
  'too large': '',
};

function heicError(displayName: string, failure: HeicFailure, cause: string, maxPixels: number): MienError {
  if (failure !== 'too large')
    return new MienError('SOURCE_NOT_VIDEO', `${displayName} ${SENTENCES[failure]}.`, { cause });
  return new MienError(
    'SOURCE_REFUSED',
    `${displayName} has more than ${maxPixels} pixels a picture, which is the limit; scale it down.`,
    { cause },
  );
}
