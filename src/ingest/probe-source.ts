import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { probeArguments } from './ffmpeg/ffmpeg-args.ts';
import { assertFitForNetwork } from './ffmpeg/ffmpeg-path.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { createFirstFrameListener, waitForFirstFrame } from './first-frame.ts';
import { createNullSink } from './frames/frame-sink.ts';
import type { IngestDeps } from './ingest-deps.ts';
import { kindByName, resolveSource } from './source/resolve-source.ts';

/** Decodes one frame of a source. Throws as `Ingest.probe` does, and the signal's reason when it aborts. */
export async function probeSource(
  input: SourceInput,
  signal: AbortSignal,
  deps: IngestDeps,
): Promise<SourceInfo> {
  signal.throwIfAborted();
  const kind = kindByName(input);
  const ffmpeg = await deps.ffmpeg();
  if (isNetwork(kind)) assertFitForNetwork(ffmpeg);
  const source = await resolveSource(input, kind, deps.access);
  const { limits } = deps;
  const { hasFpsMode } = ffmpeg;
  const showinfo = createShowinfo();
  const listener = createFirstFrameListener(showinfo);
  const run = deps.launcher.start({
    ffmpegPath: ffmpeg.path,
    url: source.input.url,
    proxy: source.input.proxy,
    activeRuns: deps.activeRuns,
    args: probeArguments(source.input, { maxPixels: limits.maxPixels, hasFpsMode, showinfo }),
    sink: createNullSink(),
    onLine(line) {
      deps.onLog?.(source.redact(line));
      listener.onLine(line);
    },
  });
  try {
    return await waitForFirstFrame({ kind, source, listener, run, signal, limits });
  } finally {
    await run.stop();
    source.close();
  }
}
