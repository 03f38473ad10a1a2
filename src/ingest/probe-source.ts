import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import type { Limits } from './config.ts';
import { probeArguments } from './ffmpeg/ffmpeg-args.ts';
import type { Launcher } from './ffmpeg/ffmpeg-launcher.ts';
import { assertFitForNetwork, type Ffmpeg } from './ffmpeg/ffmpeg-path.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { isNetwork } from './ffmpeg/whitelists.ts';
import { createListener, firstFrame } from './first-frame.ts';
import { noOutput } from './frames/frame-sink.ts';
import { kindOf, openSource, type Places } from './source/resolve-source.ts';

export interface Workshop {
  places: Places;
  limits: Limits;
  ffmpeg(): Promise<Ffmpeg>;
  launcher: Launcher;
  /** Takes lines without secrets; not there: nobody reads them. */
  onLog: ((line: string) => void) | undefined;
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
  const { limits } = shop;
  const showinfo = createShowinfo();
  const listener = createListener(showinfo);
  const run = shop.launcher.start({
    ffmpegPath: ffmpeg.path,
    url: opened.input.url,
    proxy: opened.input.proxy,
    running: shop.running,
    args: probeArguments(opened.input, { maxPixels: limits.maxPixels, fpsMode: ffmpeg.fpsMode, showinfo }),
    output: noOutput(),
    onLine(line) {
      shop.onLog?.(opened.redact(line));
      listener.onLine(line);
    },
  });
  try {
    return await firstFrame({ kind, opened, listener, run, signal, limits });
  } finally {
    await run.stop();
    opened.close();
  }
}
