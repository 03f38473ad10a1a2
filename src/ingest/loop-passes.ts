/**
 * The passes of a looped recording. Each is read anew from its beginning, so that a frame's place in the recording is what ffmpeg
 * says of it; of short recordings many passes by one run, since a start of ffmpeg costs a twentieth of a second of processor time.
 */
import type { LoopPlace, SourceInfo } from '../domain/frame.ts';
import { inMicroseconds } from '../domain/quantise.ts';
import type { RunPlace, RunStart } from './decode-job.ts';
import { DecodedFrames } from './frames/decoded-frames.ts';

/** Seconds that a run of several passes lasts. */
const RUN_SECONDS = 10;
/** Seconds for which the frame of a picture stands, of which ffmpeg says no rate. */
const PICTURE_SECONDS = 0.04;

/** Whether several passes may be read by one run, which none can of which frames are left out. */
export function isShortLoop(passes: LoopPasses | null, { duration }: Pick<SourceInfo, 'duration'>): boolean {
  return passes !== null && duration !== null && duration <= RUN_SECONDS;
}

export class LoopPasses {
  /** Seconds of one pass, from its first frame to the end of its last; null: no run has come to its end yet. */
  #length: number | null = null;
  /** Of the first frame, in seconds since the recording's start. */
  #first: number | null = null;
  /** Of the last one that was seen of any pass. */
  #latest = 0;
  /** Timestamps of the frames of one pass that is decoded with others; null: no run takes several. */
  #times: readonly number[] | null = null;

  /** A run that begins at this place, and hears of all its frames where they tell something of the passes. */
  start(place: RunPlace, leaveOut: boolean, { frameRate }: Pick<SourceInfo, 'frameRate'>): RunStart {
    // Nobody hears of frames that are left out.
    const passes = leaveOut ? 1 : place.passes;
    const interval = frameRate ? 1 / frameRate : PICTURE_SECONDS;
    const pass = passes > 1 ? { times: this.#times!, length: this.#length! } : null;
    const isTold = pass !== null || this.#length === null;
    return { ...place, passes, leaveOut, decoded: isTold ? new DecodedFrames(interval, pass) : null };
  }

  /** @param mediaTime of a frame of this run */
  placeOf({ pass, passes, position, ...run }: RunPlace, mediaTime: number): LoopPlace {
    const time = position + mediaTime - run.mediaTime();
    if (position === 0) this.#first ??= time;
    // Times are whole microseconds.
    const before = passes > 1 ? Math.floor((time - this.#first! + 1e-6) / this.#length!) : 0;
    const sourceTime = inMicroseconds(time - before * (this.#length ?? 0));
    this.#latest = Math.max(this.#latest, sourceTime);
    return { pass: pass + before, sourceTime };
  }

  /**
   * Where to read at this media time. A place behind the first pass settles how long all are, if no run has come to its end yet:
   * what was read there would else lie elsewhere than what follows.
   * @param duration as the source says
   */
  at(mediaTime: number, duration: number | null): RunPlace {
    const length = this.#length ?? duration;
    const pass = length ? Math.max(0, Math.floor((mediaTime - (this.#first ?? 0)) / length)) : 0;
    if (pass > 0) this.#length = length;
    const begins = pass * (length ?? 0);
    // ffmpeg is told milliseconds.
    const position = Math.round((mediaTime - begins) * 1000) / 1000;
    return { position, mediaTime: () => begins + position, pass, passes: 1 };
  }

  /**
   * Where to read behind a run.
   * @param end of its last frame, in seconds since the recording's start; null: not known
   * @param duration as the source says; null: it does not
   */
  behind(run: RunStart, end: number | null, duration: number | null): RunPlace {
    const pass = run.pass + this.#passesOf(run);
    this.#learn(run, end, duration);
    const begins = pass * this.#length!;
    const passes = this.#times === null ? 1 : Math.ceil(RUN_SECONDS / this.#length!);
    return { position: 0, mediaTime: () => begins, pass, passes };
  }

  /** How many it has read: where ffmpeg cannot go back to the beginning, one. */
  #passesOf({ passes, decoded }: RunStart): number {
    if (passes === 1 || this.#times === null) return passes;
    return Math.max(1, Math.ceil((decoded?.count ?? 0) / this.#times.length));
  }

  #learn(
    { passes, position, decoded, leaveOut }: RunStart,
    end: number | null,
    duration: number | null,
  ): void {
    // Somewhere a frame was lost, or came that does not belong to the recording.
    if (passes > 1 && decoded?.count !== passes * this.#times!.length) this.#times = null;
    if (this.#length !== null) return;
    const first = this.#first ?? 0;
    // Of a run from behind the last frame nothing is told.
    const length =
      end !== null && end > first ? end - first : (duration ?? this.#latest - first + PICTURE_SECONDS);
    this.#length = length;
    if (position > 0 || leaveOut || decoded === null || length > RUN_SECONDS) return;
    const { times, count } = decoded;
    const rise = times.filter(
      (time, i): time is number => time !== null && (i === 0 || time > times[i - 1]!),
    );
    if (rise.length === count) this.#times = rise;
  }
}
