/** From ffmpeg's bytes and log lines to frames in the buffer. */
import type { DecodeJob, DecodeProgress } from './decode-job.ts';
import { type BufferPool, createBufferPool } from './frames/buffer-pool.ts';
import { type AssembledFrame, FrameAssembler } from './frames/frame-assembler.ts';
import { createFrameSink, type FrameSink } from './frames/frame-sink.ts';
import { createPtsClock } from './frames/pts-clock.ts';
import { createRealtimePacer } from './frames/realtime-pacer.ts';
import type { StallWatchdog } from './frames/stall-watchdog.ts';

export interface FrameDelivery {
  /** Where ffmpeg's bytes go. */
  sink: FrameSink;
  /** Where the lines of its log go. */
  onLine(line: string): void;
}

/** Joins the bytes with what the log says of them, and puts each frame into the job's buffer when it is due. */
export function deliverFrames(
  job: DecodeJob,
  progress: DecodeProgress,
  watchdog: StallWatchdog,
): FrameDelivery {
  const pool = createBufferPool();
  const assembler = new FrameAssembler(pool, job.deps.limits.longerSide);
  const deliver = createDeliver(job, progress, watchdog, pool);
  const { signal: stopping } = progress.stopping;
  let wake = () => {};

  /** Delivers the complete frames; a promise when something must be waited for before more bytes are read. */
  function advance(): Promise<void> | null {
    while (!stopping.aborted) {
      const frame = assembler.nextFrame();
      if (!frame && !assembler.awaitsStamp) return null;
      const busy = frame ? deliver(frame) : new Promise<void>((resolve) => (wake = resolve));
      if (busy) return busy.then(advance).then(nothing);
    }
    return null;
  }

  const sink = createFrameSink((chunk) => {
    assembler.addBytes(chunk);
    return advance();
  });
  const drained = (started: boolean) => {
    // ffmpeg's log has ended: bytes that still wait for a stamp would wait for ever.
    assembler.endStamps();
    wake();
    return sink.drained(started);
  };
  return { sink: { ...sink, drained }, onLine: readLog(job, progress, assembler, () => wake()) };
}

type Deliver = (frame: AssembledFrame) => Promise<void> | null;

/** Puts a frame into the buffer once it is due; a promise while the buffer is full or the frame is early. */
function createDeliver(
  { buffer, info, options }: DecodeJob,
  progress: DecodeProgress,
  watchdog: StallWatchdog,
  pool: BufferPool,
): Deliver {
  const mediaTimeOf = createPtsClock(info.live, options.frameRate);
  const stopping = progress.stopping.signal;
  const waitUntilDue = needsPacer(info, options) ? createRealtimePacer(stopping) : null;

  function put({ pixels, stamp }: AssembledFrame, mediaTime: number): Promise<void> | null {
    if (stopping.aborted) return null;
    progress.count++;
    progress.mediaTime = mediaTime;
    const { width, height } = stamp;
    const release = once(() => pool.release(pixels));
    const full = buffer.put({ pixels, width, height, mediaTime, wallTime: Date.now(), dropped: {}, release });
    if (!full) watchdog.feed();
    return full?.then(watchdog.feed) ?? null;
  }

  return (frame) => {
    const mediaTime = mediaTimeOf(frame.stamp.pts);
    watchdog.pause();
    if (!waitUntilDue) return put(frame, mediaTime);
    return waitUntilDue(mediaTime)
      .then(() => put(frame, mediaTime))
      .then(nothing);
  };
}

/** Recordings in real time, and live HLS, which comes in bursts of whole segments. Other live sources pace themselves. */
function needsPacer({ kind, live }: DecodeJob['info'], { realtime }: DecodeJob['options']): boolean {
  return live ? kind === 'hls' : realtime;
}

/** How many lines an error can quote. */
const MAX_LOG_LINES = 100;

/** Takes the stamps of frames out of ffmpeg's log, and keeps its other lines. */
function readLog(
  { source, deps, showinfo, listener }: DecodeJob,
  { log }: DecodeProgress,
  assembler: FrameAssembler,
  wake: () => void,
): (line: string) => void {
  return (line) => {
    const stamp = showinfo.parseFrame(line);
    if (stamp) {
      assembler.addStamp(stamp);
      wake();
      return;
    }
    if (showinfo.isFilterStart(line)) assembler.restartNumbering();
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
