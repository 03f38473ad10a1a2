/** Waits for the first frame of a run of ffmpeg, and tells what its log says of the source until then. */
import type { SourceInfo, SourceKind } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Limits } from './config.ts';
import { asError, noFrameError } from './ffmpeg/ffmpeg-errors.ts';
import { describeInput, type InputDescription } from './ffmpeg/ffmpeg-log.ts';
import type { FfmpegRun } from './ffmpeg/ffmpeg-process.ts';
import type { Hardware } from './ffmpeg/hardware.ts';
import type { Showinfo } from './ffmpeg/showinfo.ts';
import { isAlwaysLive } from './ffmpeg/source-kinds.ts';
import type { ResolvedSource } from './source/resolved-source.ts';

/** Hears ffmpeg's log until it reports a first frame. */
export interface FirstFrameListener {
  onLine(line: string): void;
  /** The lines until then. */
  lines: readonly string[];
  /** Resolves at the first frame; stays pending when there is none. */
  description: Promise<InputDescription>;
  /** What it resolves with, from the first frame on. */
  readonly found: InputDescription | null;
}

export function createFirstFrameListener(showinfo: Showinfo): FirstFrameListener {
  const lines: string[] = [];
  let found: InputDescription | null = null;
  let resolveDescription: (description: InputDescription) => void;
  const description = new Promise<InputDescription>((resolve) => (resolveDescription = resolve));
  return {
    lines,
    description,
    get found() {
      return found;
    },
    onLine(line) {
      if (found) return;
      // The first lines say what the source is, the last ones what went wrong.
      if (lines.push(line) > 2000) lines.splice(100, 1000);
      const stamp = showinfo.parseFirstFrame(line);
      found = stamp && describeInput(lines, stamp);
      if (found) resolveDescription(found);
    },
  };
}

export interface FirstFrameWait {
  kind: SourceKind;
  source: ResolvedSource;
  listener: FirstFrameListener;
  /** Which of the video tracks was asked for, from 0. */
  track: number;
  /** What it decodes by; null: software. */
  hardware: Hardware | null;
  /** The run that the listener hears. */
  run: FfmpegRun;
  signal: AbortSignal;
  limits: Limits;
}

/** How long a source that has answered may take to show its first picture. */
export const FIRST_FRAME_SECONDS = 20;

/** What a source is, and what ffmpeg said of it. */
export interface SourceFound {
  info: SourceInfo;
  description: InputDescription;
}

/** Throws as `Ingest.probe` does, and the signal's reason when it aborts; the run is being stopped then. */
export async function waitForFirstFrame(wait: FirstFrameWait): Promise<SourceFound> {
  const { kind, source, listener, hardware, run, signal, limits } = wait;
  const stop = () => void run.stop();
  let late = false;
  // Connections have a shorter limit of their own; this one is for a source that answers and shows nothing.
  const seconds = limits.connectSeconds + FIRST_FRAME_SECONDS;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, seconds * 1000);
  signal.addEventListener('abort', stop);
  const end = await Promise.race([listener.description, run.done]);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if ('format' in end) return { info: sourceInfo(kind, end, source), description: end };
  if (end.thrown) throw asError(end.thrown.error);
  if (late && !source.networkError()) {
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `${source.displayName} showed no picture within ${seconds} s; check that it is sending video.`,
    );
  }
  const { lines } = listener;
  throw noFrameError({ kind, source, lines, hardware, maxPixels: limits.maxPixels, track: wait.track });
}

function sourceInfo(
  kindByName: SourceKind,
  description: InputDescription,
  { body, codec: codedIn }: ResolvedSource,
): SourceInfo {
  const { format, duration, codec, frameRate, rotation, width, height } = description;
  const kind = kindByName === 'hls' && !/\bhls\b/.test(format) ? 'http' : kindByName;
  const live = isLive(kind, format, duration) && !body?.isSized;
  return { kind, live, width, height, duration, codec: codedIn ?? codec, frameRate, rotation };
}

function isLive(kind: SourceKind, format: string, duration: number | null): boolean {
  if (kind === 'http' || kind === 'hls') return duration === null && !format.endsWith('_pipe');
  return isAlwaysLive(kind);
}
