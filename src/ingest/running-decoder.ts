/** The decoding of one source, by one run of ffmpeg after the other where it has to be read from another place. */
import type { Frame } from '../domain/frame.ts';
import { decodeFallback } from './decode-fallback.ts';
import type { DecodeJob, RunPlace, RunStart, SourceJob } from './decode-job.ts';
import { startDecoder } from './decoder.ts';
import type { DecodingTurn } from './decoding-turns.ts';
import { asError } from './ffmpeg/ffmpeg-errors.ts';
import type { FfmpegRun } from './ffmpeg/ffmpeg-process.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { leavingOutOf, punctualityOf, rememberRemaining } from './frame-drop-policies.ts';
import {
  createFrameOutlet,
  type FrameOutlet,
  giveUp,
  type OutgoingFrame,
  type SourceOutlet,
} from './frame-outlet.ts';
import { createFrameQueue, type FrameQueue } from './frames/frame-queue.ts';
import { KeyFrames } from './frames/key-frames.ts';
import type { Punctuality } from './frames/punctuality.ts';
import type { SkipUnreferenced } from './frames/skip-unreferenced.ts';
import { isShortLoop, LoopPasses } from './loop-passes.ts';
import { retryUploadStorage } from './retry-upload-storage.ts';
import { FIRST_PLACE, placeAt } from './run-place.ts';
import { stopOnReturn } from './stop-on-return.ts';
import { takeFrames } from './take-frames.ts';

export interface RunningDecoder extends Pick<FfmpegRun, 'stop'> {
  frames: AsyncIterableIterator<Frame, undefined>;
  /** The run that opens the source. */
  firstRun: FfmpegRun;
  setFrameRate(framesPerSecond: number): void;
  /** What the first run found. */
  found(source: Pick<DecodeJob, 'info' | 'plan'>): void;
}

/** Decodes from now on, as far as the buffer allows before the first frame is taken. */
export function startDecoding(job: SourceJob): RunningDecoder {
  const decoding = new SourceDecoding(job);
  const stop = () => decoding.stop();
  return {
    frames: stopOnReturn(takeFrames(decoding.buffer, job, stop), stop),
    firstRun: decoding.firstRun,
    stop,
    setFrameRate: (framesPerSecond) => decoding.setFrameRate(framesPerSecond),
    found: (source) => decoding.found(source),
  };
}

class SourceDecoding {
  readonly firstRun: FfmpegRun;
  readonly buffer: FrameQueue;
  readonly #outlet: SourceOutlet;
  readonly #leavingOut: SkipUnreferenced;
  #job: SourceJob;
  readonly #punctuality: Punctuality | null;
  /** Of a recording in real time. */
  readonly #turn: DecodingTurn | null;
  readonly #keyFrames = new KeyFrames();
  readonly #passes: LoopPasses | null;
  #info: DecodeJob['info'];
  /** The run whose frames count; null between two. */
  #current: FfmpegRun | null = null;
  /** Resolves when the runs that were begun have ended, and none is being begun. */
  #settled: Promise<unknown> = Promise.resolve();
  /** Media time of the last frame that came. */
  #lastTime = 0;
  /** Seconds from the start of a run to its first frame; of the last one. */
  #startup = 0;
  #stopping = false;
  /** Heeded as long as any run lasts. */
  readonly #abort = (): void => void this.stop(true);

  constructor(job: SourceJob) {
    const { info, options } = job;
    this.#job = job;
    this.#info = info;
    this.buffer = createFrameQueue(info.live || options.realtime);
    this.#punctuality = punctualityOf(job, () => this.#job.plan.seeks);
    const sinceKeyFrame = () => this.#keyFrames.before(this.#placeDue().position);
    this.#turn =
      info.live || !options.realtime ? null : job.deps.turns.open(() => this.#giveWay(), sinceKeyFrame);
    this.#leavingOut = leavingOutOf(job, job.plan);
    this.#outlet = createFrameOutlet({
      buffer: this.buffer,
      frameRate: options.frameRate,
      ...{ punctuality: this.#punctuality, clock: job.deps.clock },
      onPace: (pace, lag) => {
        if (!info.live) this.#turn?.came(pace, lag);
        else if (pace === 'behind') this.#readOn('late');
      },
    });
    options.signal.addEventListener('abort', this.#abort);
    this.#passes = options.loop && !info.live ? new LoopPasses() : null;
    this.firstRun = this.#begin(job, FIRST_PLACE);
    if (options.signal.aborted) this.#abort();
  }

  found({ info, plan }: Pick<DecodeJob, 'info' | 'plan'>): void {
    this.#info = info;
    this.#job = { ...this.#job, plan };
    this.#leavingOut.found(info.frameRate ?? null, !isShortLoop(this.#passes, info));
  }

  setFrameRate(framesPerSecond: number): void {
    this.#outlet.setFrameRate(framesPerSecond);
    this.#leavingOut.setFrameRate(framesPerSecond);
  }

  /** @param discard frames that were not yet taken are given up */
  async stop(discard = false): Promise<void> {
    this.#stopping = true;
    this.#turn?.close();
    if (discard || this.#current === null) this.buffer.end(undefined, discard);
    await this.#current?.stop();
    await this.#settled;
    this.#job.options.signal.removeEventListener('abort', this.#abort);
  }

  /** Its frames and its end count until there is another. */
  #begin(job: Omit<SourceJob, 'resolve'>, place: RunPlace): FfmpegRun {
    const isCurrent = () => this.#current === run;
    const leaveOut = this.#leavingOut.active;
    const start = this.#passes?.start(place, leaveOut, this.#info) ?? { ...place, leaveOut, decoded: null };
    let startedAt: number | null = performance.now();
    const outlet: FrameOutlet = {
      give: (frame, signal) => {
        if (startedAt !== null) this.#startup = (performance.now() - startedAt) / 1000;
        const isFirst = startedAt !== null;
        startedAt = null;
        return isCurrent() ? this.#give(frame, start, isFirst, signal) : giveUp(frame);
      },
      end: (error, at = null) => {
        if (!isCurrent()) return;
        // Whoever hears the first run opens the source anew.
        const way = job.listener ? null : decodeFallback(error, this.#job);
        if (way) this.#goOn(way, place);
        else this.#ended(start, error, at);
      },
    };
    const onKeyFrame = this.#turn ? (at: number) => this.#keyFrames.seenAt(at) : undefined;
    const run = startDecoder({ ...job, info: this.#info, outlet, start, onKeyFrame });
    this.#current = run;
    this.#settled = Promise.all([this.#settled, run.done.then(() => job.source.close())]);
    return run;
  }

  #give(frame: OutgoingFrame, start: RunStart, isFirst: boolean, signal: AbortSignal): Promise<void> | null {
    const loop = this.#passes?.placeOf(start, frame.mediaTime);
    // Each run selects from its own first frame on; behind a late one no other comes so soon.
    const isTooSoon = frame.mediaTime - this.#lastTime < 0.5 / this.#job.options.frameRate;
    if (isFirst && start.pass > 0 && isTooSoon) return giveUp(frame);
    const waits = this.#outlet.give({ ...frame, loop }, signal);
    this.#lastTime = frame.mediaTime;
    if (this.#leavingOut.cameAt(frame.mediaTime)) {
      rememberRemaining(this.#job, this.#leavingOut);
      this.#readOn('rate');
    }
    return waits;
  }

  /** A looped recording is read again from its beginning. @param at where its last frame ends */
  #ended(run: RunStart, error: Error | undefined, at: number | null): void {
    const next = error || this.#stopping ? null : this.#passes?.behind(run, at, this.#info.duration);
    if (next) this.#reopen(() => next);
    else this.buffer.end(error);
  }

  /** There is not the time for all: others are decoded for a while. */
  #giveWay(): void {
    if (this.#current === null) return;
    this.#leavingOut.relieve();
    this.#readOn('late', () => this.#turn?.wait());
  }

  #goOn(way: Pick<DecodeJob, 'ffmpeg' | 'plan'>, place: RunPlace): void {
    this.#job = { ...this.#job, ...way };
    this.#reopen(() => place);
  }

  /** Reads on where the clock is by now; a recording that is waited for, behind its last frame. @param before what is waited for */
  #readOn(why: 'rate' | 'late', before?: () => Promise<void> | undefined): void {
    this.#outlet.skipped(why);
    this.#reopen(() => this.#placeDue(), before);
  }

  #placeDue(): RunPlace {
    const due = () => this.#punctuality?.dueNow() ?? this.#lastTime + 0.001;
    return placeAt(due, this.#punctuality ? this.#startup : 0, this.#info, this.#passes);
  }

  /** Ends the current run, and begins another. @param placeOf asked when that begins @param before waited for between */
  #reopen(placeOf: () => RunPlace, before?: () => Promise<void> | undefined): void {
    const current = this.#current;
    if (this.#stopping || current === null) return;
    this.#current = null;
    const begun = current
      .stop()
      .then(before)
      .then(() => retryUploadStorage(this.#job.resolve, () => this.#stopping))
      .then((source) => {
        if (this.#stopping) return source.close();
        const showinfo = createShowinfo();
        this.#begin({ ...this.#job, source, showinfo, listener: undefined }, placeOf());
        return undefined;
      })
      .catch((error: unknown) => this.buffer.end(asError(error)));
    this.#settled = Promise.all([this.#settled, begun]);
  }
}
