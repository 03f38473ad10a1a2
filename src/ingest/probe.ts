import type { SourceInfo, SourceInput, SourceKind } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { probeArguments } from './args.ts';
import type { Limits } from './config.ts';
import { explain } from './failure.ts';
import { assertFitForNetwork, type Ffmpeg } from './ffmpeg-path.ts';
import type { Launcher } from './launch.ts';
import { kindOf, type Opened, openSource, type Places } from './open.ts';
import { noOutput } from './output.ts';
import { isNetwork } from './policy.ts';
import { type Report, readReport } from './report.ts';

export interface Workshop {
  places: Places;
  limits: Limits;
  ffmpeg(): Promise<Ffmpeg>;
  launcher: Launcher;
  onLog(line: string): void;
  /** Every run of ffmpeg, so that closing can wait for its end. */
  running: Set<Promise<unknown>>;
}

/** Decodes one frame of a source. Throws as `Probe` promises, and the signal's reason when it aborts. */
export async function probeSource(
  source: SourceInput,
  signal: AbortSignal,
  shop: Workshop,
): Promise<SourceInfo> {
  signal.throwIfAborted();
  const kind = kindOf(source);
  const ffmpeg = await shop.ffmpeg();
  if (isNetwork(kind)) assertFitForNetwork(ffmpeg);
  const opened = await openSource(source, kind, shop.places);
  try {
    const lines = await firstFrame(opened, ffmpeg, signal, shop);
    const report = readReport(lines);
    if (report) return describe(kind, report);
    const { maxPixels } = shop.limits;
    throw explain({ kind, shown: opened.shown, lines, trouble: opened.trouble(), maxPixels });
  } finally {
    opened.close();
  }
}

/** Runs ffmpeg for one frame; resolves to what it said. */
async function firstFrame(
  opened: Opened,
  ffmpeg: Ffmpeg,
  signal: AbortSignal,
  shop: Workshop,
): Promise<string[]> {
  const lines: string[] = [];
  const { limits } = shop;
  const run = shop.launcher.start({
    ffmpegPath: ffmpeg.path,
    url: opened.input.url,
    proxy: opened.input.proxy,
    running: shop.running,
    args: probeArguments(opened.input, { maxPixels: limits.maxPixels, fpsMode: ffmpeg.fpsMode }),
    output: noOutput(),
    onLine(line) {
      shop.onLog(line);
      if (lines.push(line) > 2000) lines.splice(100, 1000); // the head says what it is, the tail what went wrong
    },
  });
  let late = false;
  // Connections have their own, shorter limit; this one is for a source that talks and shows nothing.
  const timer = setTimeout(
    () => {
      late = true;
      void run.stop();
    },
    limits.connectSeconds * 1000 + PICTURE_SECONDS * 1000,
  );
  const stop = () => void run.stop();
  signal.addEventListener('abort', stop);
  await run.done;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (late && !opened.trouble()) throw silent(opened.shown, limits.connectSeconds + PICTURE_SECONDS);
  return lines;
}

/** How long a source that has answered may take to show its first picture. */
const PICTURE_SECONDS = 20;

function silent(shown: string, seconds: number): MienError {
  return new MienError(
    'SOURCE_UNREACHABLE',
    `${shown} showed no picture within ${seconds} s; check that it is sending video.`,
  );
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
