import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { probeArguments } from './args.ts';
import type { Limits } from './config.ts';
import { assertFitForNetwork, type Ffmpeg } from './ffmpeg-path.ts';
import { createListener, firstFrame } from './first-frame.ts';
import type { Launcher } from './launch.ts';
import { kindOf, openSource, type Places } from './open.ts';
import { noOutput } from './output.ts';
import { isNetwork } from './policy.ts';
import { createShowinfo } from './showinfo.ts';

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
