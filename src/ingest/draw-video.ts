/** A recording with subtitles drawn into it, as a new file. */

import { availableParallelism } from 'node:os';
import { extname, resolve } from 'node:path';
import type { FrameSize, SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { decodeThreads } from './ffmpeg/decode-threads.ts';
import type { Encoder } from './ffmpeg/draw-args.ts';
import {
  CONTAINERS,
  type Container,
  type DrawShape,
  drawArguments,
  lookArguments,
} from './ffmpeg/draw-args.ts';
import { findEncoder } from './ffmpeg/drawing-tools.ts';
import type { FfmpegArguments } from './ffmpeg/ffmpeg-args.ts';
import { sourceFailed } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegExit } from './ffmpeg/ffmpeg-process.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { createNullOutput } from './frames/ffmpeg-output.ts';
import type { FrameStamp } from './frames/frame-assembler.ts';
import type { ConfinedFfmpeg, IngestDeps } from './ingest-deps.ts';
import { probeSource } from './probe-source.ts';
import { resolveSource } from './source/resolve-source.ts';
import type { ResolvedSource } from './source/resolved-source.ts';

export interface Drawing {
  /** Of the pictures that are drawn upon, in pixels. */
  size: FrameSize;
  /** Resolves when the file is whole. Throws SOURCE_FAILED, BAD_INPUT (it cannot be written); the signal's reason when it aborts. */
  draw(options: DrawOptions): Promise<void>;
}

export interface DrawOptions {
  /** The path of a file in Advanced SubStation Alpha. */
  subtitles: string;
  /** How many seconds of subtitles make one of the video. */
  timeScale: number;
  /** Is overwritten. */
  out: string;
  container: Container;
  /** Told how much of it is written, in seconds. */
  onTime(seconds: number): void;
}

/** The container of a file of this name; null: none that can be written. */
export function containerOf(path: string): Container | null {
  const ending = extname(path).slice(1).toLowerCase();
  return Object.hasOwn(CONTAINERS, ending) ? CONTAINERS[ending as keyof typeof CONTAINERS] : null;
}

interface DrawTask {
  input: SourceInput;
  info: SourceInfo;
  shape: DrawShape;
  ffmpeg: ConfinedFfmpeg;
  encoder: Encoder;
  /** What is taken off ffmpeg's timestamps to get media time, in seconds. */
  offset: number;
  signal: AbortSignal;
  deps: IngestDeps;
}

/** Looks at the source. Throws as `Ingest.probe` does; BAD_INPUT: it is live; FFMPEG_MISSING: this one cannot draw. */
export async function openDrawing(
  input: SourceInput,
  signal: AbortSignal,
  deps: IngestDeps,
): Promise<Drawing> {
  const ffmpeg = await deps.ffmpeg();
  const encoder = await findEncoder(ffmpeg.path);
  const { info, plan } = await probeSource(input, signal, deps);
  if (info.live) {
    throw new MienError(
      'BAD_INPUT',
      'What is live cannot be read twice, as drawing into it takes: record it to a file first.',
    );
  }
  const shape = {
    track: plan.track,
    maxPixels: deps.limits.maxPixels,
    threads: decodeThreads(info, false, availableParallelism()),
    hasFpsMode: ffmpeg.hasFpsMode,
  };
  const task = { input, info, shape, ffmpeg, encoder, signal, deps };
  const { width, height, pts } = await lookAtFirst(task);
  const seconds = (pts ?? 0) / 1e6;
  const offset = seconds - (plan.firstTime ?? seconds);
  return { size: { width, height }, draw: (options) => drawVideo({ ...task, offset }, options) };
}

async function lookAtFirst(task: Omit<DrawTask, 'offset'>): Promise<FrameStamp> {
  const showinfo = createShowinfo();
  let first: FrameStamp | null = null;
  const { lines, source } = await runOnce(
    task,
    '-',
    (input) => lookArguments(input, task.shape, showinfo),
    (line) => {
      first ??= showinfo.parseFirstFrame(line);
    },
  );
  if (first === null) throw sourceFailed(source, 'gave no frame to draw upon', lines);
  return first;
}

/** Sound is taken over as it is, or encoded where the container cannot hold it so: ffmpeg says so before it writes a frame. */
async function drawVideo(task: DrawTask, options: DrawOptions): Promise<void> {
  const { shape, encoder, offset } = task;
  const settings = { ...shape, ...options, encoder, offset };
  for (const copySound of [true, false]) {
    let written = 0;
    const { exit, lines, source } = await runOnce(
      task,
      `file:${resolve(options.out)}`,
      (input) => drawArguments(input, { ...settings, copySound }),
      (line) => {
        const time = /^out_time_ms=(\d{1,15})$/.exec(line)?.[1];
        if (time === undefined) return;
        written = Number(time) / 1e6;
        options.onTime(written);
      },
    );
    if (exit.code === 0) return;
    if (written > 0 || !copySound) throw drawingFailed(source, lines);
  }
}

function drawingFailed(source: ResolvedSource, lines: readonly string[]): MienError {
  if (lines.some((line) => /No space left on device/i.test(line))) {
    return new MienError('BAD_INPUT', 'The video cannot be written: no space is left on that disk.');
  }
  return sourceFailed(source, 'could not be drawn upon', lines);
}

interface RunResult {
  exit: FfmpegExit;
  lines: readonly string[];
  source: ResolvedSource;
}

/** One run of ffmpeg over the source, from its beginning. Throws what resolving it does, and the signal's reason when it aborts. */
async function runOnce(
  { input, info, ffmpeg, signal, deps }: Omit<DrawTask, 'offset'>,
  target: string,
  argumentsFor: (input: ResolvedSource['input']) => FfmpegArguments,
  onLine: (line: string) => void,
): Promise<RunResult> {
  signal.throwIfAborted();
  const source = await resolveSource(input, info.kind, deps.access, signal);
  const lines: string[] = [];
  let stop = () => {};
  try {
    // Not all that resolves looks at the signal.
    signal.throwIfAborted();
    const run = deps.launcher.start({
      ffmpegPath: ffmpeg.path,
      confine: ffmpeg.confinement.prefix(source.input.proxyPort),
      url: source.input.url,
      activeRuns: deps.activeRuns,
      args: argumentsFor(source.input),
      sink: { ...createNullOutput(), target },
      onLine(line) {
        deps.onLog?.(source.redact(line));
        if (lines.push(line) > 400) lines.splice(0, 200);
        onLine(line);
      },
    });
    stop = () => void run.stop();
    signal.addEventListener('abort', stop);
    const exit = await run.done;
    signal.throwIfAborted();
    return { exit, lines, source };
  } finally {
    signal.removeEventListener('abort', stop);
    source.close();
  }
}
