import { MienError } from '../../errors.ts';
import type { FfmpegInput } from '../ffmpeg/ffmpeg-args.ts';
import { createRedactor, type Redact } from '../ffmpeg/redact.ts';
import type { BodyEnd } from '../network/http/body-end.ts';
import type { Picture, RarePicture } from './picture-info.ts';

/** A source that passed our checks, as ffmpeg is to open it. */
export interface ResolvedSource {
  input: FfmpegInput;
  /** The source's name in messages, without credentials. */
  displayName: string;
  /** Takes credentials out of a line of ffmpeg's, so that it may be logged. */
  redact: Redact;
  /** What went wrong on the network, when something did. */
  networkError(): MienError | undefined;
  /** What to say where this ffmpeg cannot read it, if its kind of file is one that not every ffmpeg reads. */
  unreadable?: MienError | undefined;
  /** Of what comes by HTTP and is no playlist. */
  body?: BodyEnd;
  /** Of a file: whether it is damaged at its end in a way that ffmpeg does not tell. */
  hasDamagedEnd?: boolean;
  /** What it is coded in, where ffmpeg is given it decoded. */
  codec?: string;
  /** Of its pictures in pixels, where that is known before ffmpeg has looked. */
  size?: { width: number; height: number };
  close(): void;
}

/** What to say where it gives no picture; undefined: ffmpeg alone knows what it is. */
export function unreadableAs(displayName: string, picture: Picture | undefined): MienError | undefined {
  if (picture?.rare) return unreadableError(displayName, picture.rare);
  if (picture?.demuxer === undefined) return undefined;
  return new MienError(
    'SOURCE_NOT_VIDEO',
    `${displayName} is a picture that is cut off, damaged or of a kind that mien cannot read; copy it again, or save it as JPEG or PNG.`,
  );
}

function unreadableError(displayName: string, { name, saveAs }: RarePicture): MienError {
  return new MienError(
    'SOURCE_NOT_VIDEO',
    `${displayName} is ${name}, which mien cannot read here; save it as ${saveAs}.`,
  );
}

export function localSource(input: FfmpegInput, displayName: string): ResolvedSource {
  return { input, displayName, redact: createRedactor(null), networkError: () => undefined, close() {} };
}
