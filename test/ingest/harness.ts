import type { DetectSize } from '../../src/domain/detect-size.ts';
import type { Frame, SourceInput } from '../../src/domain/frame.ts';
import { MienError, type MienErrorCode } from '../../src/errors.ts';
import { createIngest, type Ingest, type IngestConfig } from '../../src/ingest/index.ts';
import { ffmpeg } from './media.ts';

export function ingestAt(directory: string, config: Partial<IngestConfig> = {}): Ingest {
  return createIngest({
    mediaDir: directory,
    uploadsDir: directory,
    allowPrivateSources: false,
    ffmpegPath: ffmpeg.bundled ? undefined : ffmpeg.path,
    ...config,
  });
}

export const file = (path: string): SourceInput => ({ type: 'file', path });
export const url = (address: string): SourceInput => ({ type: 'url', url: address });
export const never = new AbortController().signal;

export interface Reading {
  frameRate?: number;
  realtime?: boolean;
  loop?: boolean;
  signal?: AbortSignal;
  detectSize?: DetectSize;
  colour?: boolean;
  /** Stop after so many frames. */
  limit?: number;
}

function filled({ frameRate = 10, realtime = false, loop = false, signal = never, ...more }: Reading) {
  const { detectSize = 'STANDARD', colour = false } = more;
  return { frameRate, realtime, loop, detectSize, colour, signal };
}

export function open(ingest: Ingest, source: SourceInput, options: Reading = {}) {
  return ingest.open(source, filled(options));
}

/** The frames of a source, which is opened when the first is asked for. */
export async function* decode(
  ingest: Ingest,
  source: SourceInput,
  options: Reading = {},
): AsyncGenerator<Frame, void> {
  const { frames } = await open(ingest, source, options);
  yield* frames;
}

/** Opens a source, and gathers its frames. */
export async function read(ingest: Ingest, source: SourceInput, options: Reading = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of decode(ingest, source, options)) {
    frames.push(frame);
    if (frames.length === options.limit) break;
  }
  return frames;
}

/** The error that a promise is rejected with, checked to be one for clients, in whole sentences. */
export async function refusal(work: Promise<unknown>): Promise<{ code: MienErrorCode; message: string }> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MienError)) throw new Error('expected a MienError', { cause: error });
  if (!/^\S.*\.$/s.test(error.message)) throw new Error(`not a sentence: ${error.message}`);
  return { code: error.code, message: error.message };
}

export const times = (frames: Frame[]): number[] =>
  frames.map(({ mediaTime }) => Math.round(mediaTime * 1000));

export function risesAlways(frames: Frame[]): boolean {
  return frames.every(({ mediaTime }, i) => i === 0 || mediaTime > frames[i - 1]!.mediaTime);
}
