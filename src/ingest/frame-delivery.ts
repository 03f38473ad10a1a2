/** From ffmpeg's bytes and log lines to frames in the buffer. */
import { whenAborted } from '../threads/when-aborted.ts';
import { type DecodeJob, type DecodeProgress, frameShape } from './decode-job.ts';
import { createFfmpegOutput, type FfmpegOutput } from './frames/ffmpeg-output.ts';
import {
  type AssembledFrame,
  type FilterGraph,
  FrameAssembler,
  FramesLost,
} from './frames/frame-assembler.ts';
import { createFramePool, type FramePool } from './frames/frame-pool.ts';
import { planesOf } from './frames/planes.ts';
import { PtsClock, type TimedFrame } from './frames/pts-clock.ts';
import { RateLimit } from './frames/rate-limit.ts';
import type { StallWatchdog } from './frames/stall-watchdog.ts';
import { firstTime } from './read-plan.ts';

export interface FrameDelivery {
  /** Where ffmpeg's bytes go. */
  sink: FfmpegOutput;
  /** Where the lines of its log go. */
  onLine(line: string): void;
}

const STAMP_SECONDS = 20;

/**
 * Joins the bytes with what the log says of them, and gives each frame to the job's outlet.
 * @param stampSeconds how long the bytes of a frame wait for its line of the log
 */
export function deliverFrames(
  job: DecodeJob,
  progress: DecodeProgress,
  watchdog: StallWatchdog,
  stampSeconds = STAMP_SECONDS,
): FrameDelivery {
  const pool = createFramePool();
  const assembler = new FrameAssembler(pool, frameShape(job));
  const clock = new PtsClock<AssembledFrame>(job.info.live, job.options.frameRate, () => firstTimeOf(job));
  const select = createSelection(job, assembler, pool);
  const deliver = createDeliver(job, progress, watchdog, pool);
  const { signal: stopping } = progress.stopping;
  const stampWait = createStampWait(stampSeconds, stopping);

  /** Delivers the complete frames; a promise when something must be waited for before more bytes are read. */
  function advance(): Promise<void> | null {
    while (!stopping.aborted) {
      const frame = assembler.nextFrame();
      if (!frame && !assembler.awaitsStamp) return null;
      const busy = frame ? deliver(select(clock.add(frame, frame.stamp.pts))) : stampWait.begin();
      if (busy) return busy.then(advance).then(nothing);
    }
    return null;
  }

  const sink = createFfmpegOutput((chunk) => {
    assembler.addBytes(chunk);
    return advance();
  });
  const drained = async (started: boolean) => {
    // ffmpeg's log has ended: bytes that still wait for a stamp would wait for ever.
    assembler.endStamps();
    stampWait.end();
    await sink.drained(started);
    progress.leftover = assembler.leftover;
    await Promise.race([deliver(select(clock.end())), whenAborted(stopping)]);
  };
  return { sink: { ...sink, drained }, onLine: readLog(job, progress, assembler, stampWait.end) };
}

/** Of a source that this run opens, ffmpeg has told of the first frame before it comes; a run from a later place counts from there. */
function firstTimeOf({ plan, listener, start }: DecodeJob): number | null {
  if (start.position > 0) return null;
  return listener?.found ? firstTime(listener.found, 'start') : plan.firstTime;
}

/** ffmpeg tells of a frame before it writes its bytes: what is not told soon after them was lost. */
function createStampWait(seconds: number, stopping: AbortSignal) {
  let end = () => {};
  stopping.addEventListener('abort', () => end(), { once: true });
  return {
    /** Resolves when it is ended, and rejects when that takes too long. */
    begin: () =>
      new Promise<void>((resolve, reject) => {
        const lost = new FramesLost(`ffmpeg wrote a frame, and did not tell of it in ${seconds} s`);
        const timer = setTimeout(() => reject(lost), seconds * 1000);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => end(),
  };
}

type TimedFrames = readonly TimedFrame<AssembledFrame>[];

/**
 * Leaves out those of the frames, which come in order, that are not due. ffmpeg's selection begins anew with each of its filter graphs, of
 * which a source whose pictures change often has many.
 */
function createSelection({ options }: DecodeJob, assembler: FrameAssembler, pool: FramePool) {
  const limit = new RateLimit(Number.POSITIVE_INFINITY);
  limit.setRate(options.frameRate);
  return (frames: TimedFrames) =>
    frames.filter(({ frame, mediaTime }) => {
      const isSelected = limit.admit(mediaTime) || assembler.graphs < 2;
      if (!isSelected) pool.release(frame.pixels);
      return isSelected;
    });
}

type Deliver = (frames: TimedFrames) => Promise<void> | null;

/** Gives frames away; a promise while nobody takes them or a frame is early. */
function createDeliver(
  { outlet, start }: DecodeJob,
  progress: DecodeProgress,
  watchdog: StallWatchdog,
  pool: FramePool,
): Deliver {
  const stopping = progress.stopping.signal;

  function deliverOne({ frame: { pixels: bytes, stamp }, mediaTime }: TimedFrame<AssembledFrame>) {
    watchdog.pause();
    if (stopping.aborted) return null;
    progress.count++;
    progress.mediaTime = start.position + mediaTime;
    progress.pts = stamp.pts;
    const { width, height } = stamp;
    const release = once(() => pool.release(bytes));
    const source = stamp.graph?.source ?? undefined;
    const at = start.mediaTime() + mediaTime;
    const frame = { ...planesOf(bytes, stamp, stamp.graph), width, height, source, mediaTime: at, release };
    const full = outlet.give(frame, stopping);
    if (!full) watchdog.feed();
    return full?.then(watchdog.feed) ?? null;
  }

  return function deliver(frames): Promise<void> | null {
    if (frames.length === 0) watchdog.feed(); // a frame came, and is not due, or held back until its time is known
    for (const [i, frame] of frames.entries()) {
      const busy = deliverOne(frame);
      if (busy) return busy.then(() => deliver(frames.slice(i + 1))).then(nothing);
    }
    return null;
  };
}

/** How many lines an error can quote. */
const MAX_LOG_LINES = 100;

/** Takes the stamps of frames out of ffmpeg's log, and keeps its other lines. */
function readLog(
  { source, deps, showinfo, listener, onKeyFrame, start: { decoded, position, passes } }: DecodeJob,
  { log }: DecodeProgress,
  assembler: FrameAssembler,
  wake: () => void,
): (line: string) => void {
  let graph: FilterGraph = { source: null, colourSpace: null };
  return (line) => {
    const stamp = showinfo.parseFrame(line);
    if (stamp) {
      assembler.addStamp({ ...(decoded?.timed(stamp) ?? stamp), graph });
      wake();
      return;
    }
    const before = decoded && showinfo.parseDecoded(line);
    if (before) decoded.add(before);
    if (showinfo.isFilterStart(line)) {
      assembler.restartNumbering();
      graph = { source: null, colourSpace: null };
    }
    const keyFrame = passes > 1 ? null : showinfo.parseKeyFrame(line);
    if (keyFrame !== null) onKeyFrame?.(position + keyFrame / 1e6);
    graph.source ??= showinfo.parseFirstFrame(line);
    graph.colourSpace ??= showinfo.parseColourSpace(line);
    listener?.onLine(line);
    if (!line || showinfo.isFromShowinfo(line)) return;
    if (log.push(line) > MAX_LOG_LINES) log.shift();
    deps.onLog?.(source.redact(line));
  };
}

function nothing(): void {}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
