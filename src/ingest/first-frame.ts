/** What ffmpeg tells of a source until its first frame, and what it says where there is none. */
import type { SourceInfo, SourceKind } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Limits } from './config.ts';
import { asError, explain } from './ffmpeg/ffmpeg-errors.ts';
import { type Report, readReport } from './ffmpeg/ffmpeg-log.ts';
import type { Exit } from './ffmpeg/ffmpeg-process.ts';
import type { Showinfo } from './ffmpeg/showinfo.ts';
import type { Opened } from './source/resolve-source.ts';

/** Listens to a run of ffmpeg until it has told of a first frame. */
export interface Listener {
  onLine(line: string): void;
  /** What was heard until then. */
  lines: readonly string[];
  /** Stays pending where no frame comes. */
  report: Promise<Report>;
}

export function createListener(showinfo: Showinfo): Listener {
  const lines: string[] = [];
  let over = false;
  let tell: (report: Report) => void;
  const report = new Promise<Report>((resolve) => (tell = resolve));
  return {
    lines,
    report,
    onLine(line) {
      if (over) return;
      if (lines.push(line) > 2000) lines.splice(100, 1000); // the head says what it is, the tail what went wrong
      const size = showinfo.parseOpening(line);
      const found = size && readReport(lines, size);
      if (!found) return;
      over = true;
      tell(found);
    },
  };
}

/** A run of ffmpeg that is listened to. */
export interface Heard {
  kind: SourceKind;
  opened: Opened;
  listener: Listener;
  run: { done: Promise<Exit>; stop(): Promise<void> };
  signal: AbortSignal;
  limits: Limits;
}

/** How long a source that has answered may take to show its first picture. */
const PICTURE_SECONDS = 20;

/** Waits for the first frame. Throws as `Probe` promises, and the signal's reason when it aborts; the run is stopped then. */
export async function firstFrame({
  kind,
  opened,
  listener,
  run,
  signal,
  limits,
}: Heard): Promise<SourceInfo> {
  const stop = () => void run.stop();
  let late = false;
  // Connections have their own, shorter limit; this one is for a source that talks and shows nothing.
  const seconds = limits.connectSeconds + PICTURE_SECONDS;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, seconds * 1000);
  signal.addEventListener('abort', stop);
  const end = await Promise.race([listener.report, run.done]);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if ('format' in end) return describe(kind, end);
  if (end.thrown) throw asError(end.thrown.error);
  if (late && !opened.trouble()) {
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `${opened.shown} showed no picture within ${seconds} s; check that it is sending video.`,
    );
  }
  const { lines } = listener;
  throw explain({ kind, opened, lines, maxPixels: limits.maxPixels });
}

function describe(named: SourceKind, report: Report): SourceInfo {
  const { format, duration, codec, rotation, width, height } = report;
  const kind = named === 'hls' && !/\bhls\b/.test(format) ? 'http' : named;
  return { kind, live: isLive(kind, format, duration), width, height, duration, codec, rotation };
}

function isLive(kind: SourceKind, format: string, duration: number | null): boolean {
  if (kind === 'file' || kind === 'upload') return false;
  if (kind === 'http' || kind === 'hls') return duration === null && !format.endsWith('_pipe');
  return true;
}
