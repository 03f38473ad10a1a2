/** A picture of a usual kind, which needs no ffmpeg: one frame, as that would give it. */
import type { DecodeOptions } from '../domain/decode-options.ts';
import { LONGER_SIDES } from '../domain/detect-size.ts';
import type { Frame, SourceInput } from '../domain/frame.ts';
import type { IngestDeps } from './ingest-deps.ts';
import type { OpenedSource } from './opened-source.ts';
import type { DecodedPicture } from './pictures/picture-protocol.ts';
import { lookAtFile } from './source/look-at-picture.ts';
import { resolveInside } from './source/media-path.ts';

/** ffmpeg's demuxers of what is decoded here. */
const USUAL = ['jpeg_pipe', 'png_pipe'];
/** What ffmpeg says of a picture that stands alone. */
const FRAME_RATE = 25;

/** Null: it is another source, or ffmpeg has to say what is wrong with it. Throws the signal's reason when it aborts. */
export async function openPicture(
  input: SourceInput,
  { loop, realtime, detectSize, colour, signal }: DecodeOptions,
  { pictures, access, clock, limits: { maxPixels } }: IngestDeps,
): Promise<OpenedSource | null> {
  const isPlain = !loop && !realtime && !colour && (input.videoTrack ?? 1) === 1;
  if (pictures === null || input.type !== 'file' || !isPlain) return null;
  const path = await resolveInside(access.mediaDir, input.path, `"${input.path}"`);
  const { demuxer = '', orientation = 1 } = (await lookAtFile(path)) ?? {};
  if (!USUAL.includes(demuxer)) return null;
  const side = LONGER_SIDES[detectSize];
  const longerSide = Number.isFinite(side) ? side : null;
  const picture = await pictures.decode({ path, longerSide, maxPixels, orientation }, signal);
  return picture && opened(picture, clock.now());
}

function opened(
  { codec, source, width, height, luma: pixels }: DecodedPicture,
  wallTime: number,
): OpenedSource {
  return {
    info: { kind: 'file', live: false, ...source, duration: null, codec, frameRate: FRAME_RATE, rotation: 0 },
    frames: one({ pixels, width, height, source, mediaTime: 0, wallTime, dropped: {} }),
    setFrameRate() {},
  };
}

async function* one(frame: Frame): AsyncGenerator<Frame, void, undefined> {
  yield frame;
}
