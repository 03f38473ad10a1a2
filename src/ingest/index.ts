import type { Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { type IngestConfig, limitsOf } from './config.ts';
import type { DecodeOptions } from './decode-job.ts';
import { createFfmpegLauncher } from './ffmpeg/ffmpeg-launcher.ts';
import { type FfmpegProgram, findFfmpeg } from './ffmpeg/ffmpeg-path.ts';
import type { IngestDeps } from './ingest-deps.ts';
import { createSafeConnector } from './network/safe-connect.ts';
import { decodeSource, type OpenedSource, openSource } from './open-source.ts';
import { probeSource } from './probe-source.ts';

export type { IngestConfig } from './config.ts';

export interface Ingest {
  /**
   * Opens a source and decodes one frame. Throws BAD_INPUT (no source), SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO,
   * SOURCE_REFUSED, FFMPEG_MISSING; the signal's reason when it aborts.
   */
  probe(source: SourceInput, signal: AbortSignal): Promise<SourceInfo>;
  /** Frames until the source ends or the signal aborts (it finishes), or until it fails (it throws MienError). */
  decode(source: SourceInput, info: SourceInfo, options: DecodeOptions): AsyncIterable<Frame>;
  /**
   * What `probe` and then `decode` do; in one run of ffmpeg, but for what comes by HTTP. Decoding goes on until the frames
   * are returned or the signal aborts. Throws as `probe` does.
   */
  open(source: SourceInput, options: DecodeOptions): Promise<OpenedSource>;
  /** The ffmpeg that is used. `bundled`: that of the npm package, of 2018, for local files only. Throws FFMPEG_MISSING. */
  ffmpeg(): Promise<{ path: string; version: string; bundled: boolean }>;
  /** Ends every run, and resolves when no ffmpeg is left. */
  close(): Promise<void>;
}

export function createIngest(config: IngestConfig): Ingest {
  const limits = limitsOf(config);
  const connector = createSafeConnector({
    allowPrivate: config.allowPrivateSources,
    connectSeconds: limits.connectSeconds,
    lookup: config.lookup,
  });
  let found: Promise<FfmpegProgram> | null = null;
  const ffmpeg = () => {
    found ??= findFfmpeg(config.ffmpegPath);
    found.catch(() => {
      found = null; // it may be installed while we run
    });
    return found;
  };
  const deps: IngestDeps = {
    access: { mediaDir: config.mediaDir, uploadsDir: config.uploadsDir, connector },
    limits,
    ffmpeg,
    launcher: createFfmpegLauncher(),
    onLog: config.onLog,
    activeRuns: new Set(),
  };
  const closing = new AbortController();
  const untilClosed = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);

  return {
    probe: (source, signal) => probeSource(source, untilClosed(signal), deps),
    decode: (source, info, options) =>
      decodeSource(source, info, { ...options, signal: untilClosed(options.signal) }, deps),
    open: (source, options) => openSource(source, { ...options, signal: untilClosed(options.signal) }, deps),
    ffmpeg,
    async close() {
      closing.abort(new MienError('SHUTTING_DOWN', 'mien is shutting down.'));
      await Promise.all(deps.activeRuns);
      await deps.launcher.close();
    },
  };
}
