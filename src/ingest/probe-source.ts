import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { probeArguments } from './ffmpeg/ffmpeg-args.ts';
import { assertFitForNetwork } from './ffmpeg/ffmpeg-path.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { createFirstFrameListener, type SourceFound, waitForFirstFrame } from './first-frame.ts';
import { createNullOutput } from './frames/ffmpeg-output.ts';
import type { IngestDeps } from './ingest-deps.ts';
import { planUntold, type ReadPlan, readPlanOf } from './read-plan.ts';
import { kindByName, resolveSource } from './source/resolve-source.ts';

/** A source that was probed, and how it is to be read. */
export interface ProbedSource {
  info: SourceInfo;
  plan: ReadPlan;
}

/** Decodes one frame of a source. Throws as `Ingest.probe` does, and the signal's reason when it aborts. */
export async function probeSource(
  input: SourceInput,
  signal: AbortSignal,
  deps: IngestDeps,
): Promise<ProbedSource> {
  const { videoTrack } = input;
  const { track } = planUntold(videoTrack);
  const found = await probeTrack(input, track, signal, deps);
  const plan = readPlanOf(found.description, { ...found.info, videoTrack }, 'own')!;
  if (plan.track === track) return { info: found.info, plan };
  return probeSource({ ...input, videoTrack: plan.track + 1 }, signal, deps);
}

async function probeTrack(
  input: SourceInput,
  track: number,
  signal: AbortSignal,
  deps: IngestDeps,
): Promise<SourceFound> {
  signal.throwIfAborted();
  const kind = kindByName(input);
  const ffmpeg = await deps.ffmpeg();
  if (isNetwork(kind)) assertFitForNetwork(ffmpeg);
  const source = await resolveSource(input, kind, deps.access, signal);
  const { limits } = deps;
  const { hasFpsMode } = ffmpeg;
  const showinfo = createShowinfo();
  const listener = createFirstFrameListener(showinfo);
  const run = deps.launcher.start({
    ffmpegPath: ffmpeg.path,
    confine: ffmpeg.confinement.prefix(source.input.proxyPort),
    url: source.input.url,
    activeRuns: deps.activeRuns,
    args: probeArguments(source.input, { track, maxPixels: limits.maxPixels, hasFpsMode, showinfo }),
    sink: createNullOutput(),
    onLine(line) {
      deps.onLog?.(source.redact(line));
      listener.onLine(line);
    },
  });
  try {
    return await waitForFirstFrame({ kind, source, listener, track, hardware: null, run, signal, limits });
  } finally {
    await run.stop();
    source.close();
  }
}
