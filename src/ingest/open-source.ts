import type { DecodeOptions } from '../domain/decode-options.ts';
import type { Frame, SourceInput, SourceKind } from '../domain/frame.ts';
import { threadsFor } from './decoder.ts';
import { assertFitForNetwork } from './ffmpeg/ffmpeg-path.ts';
import { HardwareFailed } from './ffmpeg/hardware.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { isAlwaysLive, isNetwork } from './ffmpeg/source-kinds.ts';
import { createFirstFrameListener, waitForFirstFrame } from './first-frame.ts';
import type { IngestDeps, ReadyFfmpeg } from './ingest-deps.ts';
import { openPicture } from './open-picture.ts';
import { openPush } from './open-push.ts';
import type { OpenedSource } from './opened-source.ts';
import { type ProbedSource, probeSource } from './probe-source.ts';
import { planUntold, readPlanOf } from './read-plan.ts';
import { type RunningDecoder, startDecoding } from './running-decoder.ts';
import { kindByName, resolveSource } from './source/resolve-source.ts';

/**
 * What `probeSource` and then decoding do, in one run of ffmpeg: a file spares a start of ffmpeg, which takes
 * longer than to score a picture, and a camera the second connection. What an HTTP URL gives is unknown before it is
 * probed, and is read in another way when it is live, so that takes two runs. Throws as `probeSource` does.
 */
export async function openSource(
  input: SourceInput,
  options: DecodeOptions,
  deps: IngestDeps,
): Promise<OpenedSource> {
  if (input.type === 'push') return openPush(input, options, deps);
  const { signal } = options;
  const kind = kindByName(input);
  if (kind === 'http' || kind === 'hls') {
    return decodeLater(input, await probeSource(input, signal, deps), options, deps);
  }
  signal.throwIfAborted();
  const picture = await openPicture(input, options, deps);
  if (picture !== null) return picture;
  const ffmpeg = await deps.ffmpeg();
  if (isNetwork(kind)) assertFitForNetwork(ffmpeg);
  return openBy(ffmpeg, input, kind, options, deps).catch((error: unknown) => {
    if (!(error instanceof HardwareFailed)) throw error;
    return openBy({ ...ffmpeg, hardware: null }, input, kind, options, deps);
  });
}

/** Looks and decodes in one run, or in two where the first has read what was not meant. */
async function openBy(
  ffmpeg: ReadyFfmpeg,
  input: SourceInput,
  kind: SourceKind,
  options: DecodeOptions,
  deps: IngestDeps,
): Promise<OpenedSource> {
  const { signal } = options;
  const resolve = () => resolveSource(input, kind, deps.access, signal);
  const source = await resolve();
  // How large the pictures are matters to the decoding only by the number of threads.
  const unknown = {
    kind,
    live: isAlwaysLive(kind),
    duration: null,
    ...(source.size ?? { width: 0, height: 0 }),
  };
  const showinfo = createShowinfo();
  const listener = createFirstFrameListener(showinfo);
  const plan = planUntold(input.videoTrack);
  const job = { source, resolve, info: unknown, options, plan, ffmpeg, deps, showinfo, listener };
  const decoder = startDecoding(job);
  const { track } = plan;
  const { hardware } = ffmpeg;
  const run = decoder.firstRun;
  const wait = { kind, source, listener, track, hardware, run, signal, limits: deps.limits };
  const { info, description } = await waitForFirstFrame(wait).catch(async (error: unknown) => {
    await decoder.stop();
    throw error;
  });
  const told = readPlanOf(description, { ...info, videoTrack: input.videoTrack }, 'start');
  const isRight = told?.track === track && threadsFor(job) === threadsFor({ info, options });
  if (told && isRight) return running({ info, plan: told }, options, decoder);
  await decoder.stop();
  const chosen = told ? { ...input, videoTrack: told.track + 1 } : input;
  const probed = told?.track === track ? { info, plan: told } : await probeSource(chosen, signal, deps);
  return decodeLater(input, probed, options, deps);
}

function running(probed: ProbedSource, { realtime }: DecodeOptions, decoder: RunningDecoder): OpenedSource {
  const { info } = probed;
  decoder.found(probed);
  return {
    info,
    frames: decoder.frames,
    setFrameRate(framesPerSecond) {
      if (info.live || realtime) decoder.setFrameRate(framesPerSecond);
    },
  };
}

/**
 * Decodes a source that was probed, from when its first frame is asked for. Live sources, and recordings in real time, give
 * the newest frame and count the others as dropped because `busy`; other recordings wait. Finishes at the end or when the
 * signal aborts; throws SOURCE_FAILED where a live source ends or stalls, and what `probeSource` throws where there is no frame
 * at all.
 */
function decodeLater(
  input: SourceInput,
  probed: ProbedSource,
  options: DecodeOptions,
  deps: IngestDeps,
): OpenedSource {
  const { info } = probed;
  const { signal } = options;
  const resolve = () => resolveSource(input, info.kind, deps.access, signal);
  let { frameRate } = options;
  let opened: OpenedSource | null = null;
  async function* decode(): AsyncGenerator<Frame, void, undefined> {
    if (signal.aborted) return;
    const ffmpeg = await deps.ffmpeg();
    const source = await resolve().catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (!source) return;
    const job = { source, resolve, ...probed, options, ffmpeg, deps, showinfo: createShowinfo() };
    opened = running(probed, options, startDecoding(job));
    opened.setFrameRate(frameRate);
    yield* opened.frames;
  }
  return {
    info,
    frames: decode(),
    setFrameRate(framesPerSecond) {
      frameRate = framesPerSecond;
      opened?.setFrameRate(framesPerSecond);
    },
  };
}
