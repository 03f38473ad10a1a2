import type { Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import type { DecodeJob, DecodeOptions } from './decode-job.ts';
import { startDecoder, threadsFor } from './decoder.ts';
import { assertFitForNetwork } from './ffmpeg/ffmpeg-path.ts';
import type { FfmpegRun } from './ffmpeg/ffmpeg-process.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { isAlwaysLive, isNetwork } from './ffmpeg/source-kinds.ts';
import { createFirstFrameListener, waitForFirstFrame } from './first-frame.ts';
import { createFrameBuffer } from './frames/frame-buffer.ts';
import type { IngestDeps } from './ingest-deps.ts';
import { probeSource } from './probe-source.ts';
import { kindByName, resolveSource } from './source/resolve-source.ts';

/** A source that was probed and is being decoded. */
export interface OpenedSource {
  info: SourceInfo;
  /** As `decodeSource` gives them. Decoding goes on until they are returned, or until the signal aborts. */
  frames: AsyncIterable<Frame>;
}

/**
 * What `probeSource` and then `decodeSource` do, in one run of ffmpeg: a file spares a start of ffmpeg, which takes
 * longer than to score a picture, and a camera the second connection. What an HTTP URL gives is unknown before it is
 * probed, and is read in another way when it is live, so that takes two runs. Throws as `probeSource` does.
 */
export async function openSource(
  input: SourceInput,
  options: DecodeOptions,
  deps: IngestDeps,
): Promise<OpenedSource> {
  const { signal } = options;
  const kind = kindByName(input);
  if (kind === 'http' || kind === 'hls') {
    const info = await probeSource(input, signal, deps);
    return { info, frames: decodeSource(input, info, options, deps) };
  }
  signal.throwIfAborted();
  const ffmpeg = await deps.ffmpeg();
  if (isNetwork(kind)) assertFitForNetwork(ffmpeg);
  const source = await resolveSource(input, kind, deps.access);
  // How large the pictures are matters to the decoding only by the number of threads.
  const unknown = { kind, live: isAlwaysLive(kind), width: 0, height: 0, duration: null };
  const showinfo = createShowinfo();
  const listener = createFirstFrameListener(showinfo);
  const job = { source, info: unknown, options, ffmpeg, deps, showinfo, listener };
  const run = startDecoding(job);
  const wait = { kind, source, listener, run, signal, limits: deps.limits };
  const info = await waitForFirstFrame(wait).catch(async (error: unknown) => {
    await run.stop();
    throw error;
  });
  if (threadsFor(job) === threadsFor({ info, options })) return { info, frames: run.frames };
  await run.stop();
  return { info, frames: decodeSource(input, info, options, deps) };
}

/**
 * The frames of a source that was probed. Live sources, and recordings in real time, give the newest frame and count
 * the others as dropped because `busy`; other recordings wait. Finishes at the end or when the signal aborts; throws
 * SOURCE_FAILED where a live source ends or stalls, and what `probeSource` throws where there is no frame at all.
 */
export async function* decodeSource(
  input: SourceInput,
  info: SourceInfo,
  options: DecodeOptions,
  deps: IngestDeps,
): AsyncGenerator<Frame, void, undefined> {
  if (options.signal.aborted) return;
  const ffmpeg = await deps.ffmpeg();
  const source = await resolveSource(input, info.kind, deps.access);
  yield* startDecoding({ source, info, options, ffmpeg, deps, showinfo: createShowinfo() }).frames;
}

interface RunningDecoder extends FfmpegRun {
  frames: AsyncIterableIterator<Frame, undefined>;
}

/** Decodes from now on, as far as the buffer allows before the first frame is taken. */
function startDecoding(job: Omit<DecodeJob, 'buffer'>): RunningDecoder {
  const { signal, realtime } = job.options;
  const buffer = createFrameBuffer(job.info.live || realtime);
  const decoder = startDecoder({ ...job, buffer });
  const abort = () => {
    buffer.end(undefined, true);
    void decoder.stop();
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const done = decoder.done.then((exit) => {
    signal.removeEventListener('abort', abort);
    job.source.close();
    return exit;
  });
  const stop = async () => {
    await decoder.stop();
    await done;
  };
  async function* takeAll(): AsyncGenerator<Frame, undefined, undefined> {
    // Frames that were replaced before the first one was taken do not count as dropped.
    let uncounted = job.listener !== undefined;
    try {
      for (let frame = await buffer.take(); frame && !signal.aborted; frame = await buffer.take()) {
        yield uncounted ? { ...frame, dropped: {} } : frame;
        uncounted = false;
      }
    } finally {
      await stop();
    }
  }
  return { frames: stopOnReturn(takeAll(), stop), done, stop };
}

/** `return` of a generator that was never begun does not run its `finally`, so the run is stopped here too. */
function stopOnReturn<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  stop: () => Promise<void>,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    next: () => generator.next(),
    async return() {
      await stop();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
