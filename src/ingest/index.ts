import type { Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { type IngestConfig, limitsOf } from './config.ts';
import { createLauncher } from './ffmpeg/ffmpeg-launcher.ts';
import { type Ffmpeg, findFfmpeg } from './ffmpeg/ffmpeg-path.ts';
import { createReach } from './network/safe-connect.ts';
import { type Opening, openPlaying, type PlayOptions, playSource } from './open-source.ts';
import { probeSource, type Workshop } from './probe-source.ts';

export type { IngestConfig } from './config.ts';

export interface Ingest {
  /**
   * Looks at a source by decoding one frame. Throws BAD_INPUT (no source), SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO,
   * SOURCE_REFUSED, FFMPEG_MISSING; the signal's reason when it aborts.
   */
  probe(source: SourceInput, signal: AbortSignal): Promise<SourceInfo>;
  /** Frames until the source ends or the signal aborts (it finishes), or until it fails (it throws MienError). */
  decode(source: SourceInput, info: SourceInfo, options: PlayOptions): AsyncIterable<Frame>;
  /** What `probe` and then `decode` do, of a file in one run of ffmpeg. Throws as `probe` does. */
  open(source: SourceInput, options: PlayOptions): Promise<Opening>;
  /** The ffmpeg that is used. `bundled`: the npm package's of 2018, for local files only. Throws FFMPEG_MISSING. */
  ffmpeg(): Promise<{ path: string; version: string; bundled: boolean }>;
  /** Ends all that runs, and resolves when no ffmpeg is left. */
  close(): Promise<void>;
}

export function createIngest(config: IngestConfig): Ingest {
  const limits = limitsOf(config);
  const reach = createReach({
    allowPrivate: config.allowPrivateSources,
    connectSeconds: limits.connectSeconds,
    lookup: config.lookup,
  });
  let found: Promise<Ffmpeg> | null = null;
  const ffmpeg = () => {
    found ??= findFfmpeg(config.ffmpegPath);
    found.catch(() => {
      found = null; // it may be installed while we run
    });
    return found;
  };
  const shop: Workshop = {
    places: { mediaDir: config.mediaDir, uploadsDir: config.uploadsDir, reach },
    limits,
    ffmpeg,
    launcher: createLauncher(),
    onLog: config.onLog,
    running: new Set(),
  };
  const closing = new AbortController();
  const closable = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);

  return {
    probe: (source, signal) => probeSource(source, closable(signal), shop),
    decode: (source, info, options) =>
      playSource(source, info, { ...options, signal: closable(options.signal) }, shop),
    open: (source, options) => openPlaying(source, { ...options, signal: closable(options.signal) }, shop),
    ffmpeg,
    async close() {
      closing.abort(new MienError('SHUTTING_DOWN', 'mien is shutting down.'));
      await Promise.all(shop.running);
      await shop.launcher.close();
    },
  };
}
