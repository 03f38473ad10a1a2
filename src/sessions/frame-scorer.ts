/** Frames become numbered moments; what could not be scored is counted, and told with the next moment. */
import type { FrameReadings } from '../domain/face.ts';
import { addDrops, type DropCounts, type Frame, type FrameSize, measureDrops } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { OWN_CLOCK, type RecordClock } from '../domain/record-clock.ts';
import type { FollowedSession, FollowMoment, MomentTrace } from '../domain/trace.ts';
import type { FaceAnalyser, Meter, SessionPictures, SessionTimeline, ShowMoment } from './ports.ts';
import type { SessionTime } from './session-clock.ts';
import { traceModelTimes } from './trace-model-times.ts';

export interface ScoredFrame {
  moment: Moment;
  /** Of the frame that was scored. */
  size: FrameSize;
  /** Of the source's own picture; undefined: not known. */
  source: FrameSize | undefined;
  events: EpisodeEvent[];
}

/** A frame that was handed to the analyser, without its pixels. */
export interface AnalysedFrame
  extends Pick<Frame, 'mediaTime' | 'wallTime' | 'source' | 'loop' | 'dropped' | 'leftOut' | 'late'> {
  size: FrameSize;
  /** Null while there is no answer, and when the frame was lost with its worker. */
  readings: FrameReadings | null;
  /** Shows the frame to those who look; null: nobody does. */
  show: ShowMoment | null;
  /** Null: it is not followed. */
  trace: MomentTrace | null;
}

export interface FrameScorerDeps {
  analyser: FaceAnalyser;
  timeline: SessionTimeline;
  meter?: Meter | undefined;
  pictures?: SessionPictures | undefined;
  /** Null or undefined: nobody wants to know where time goes. */
  follow?: FollowMoment | null | undefined;
  /** Whose frames they are, for those that are followed. */
  of?: FollowedSession;
  /** By which frames have their wall time; default: this machine's. */
  clock?: Pick<RecordClock, 'now'> | undefined;
}

export class FrameScorer {
  /** Where the recording ends, in seconds of media time; null: not known. */
  end: number | null = null;
  readonly #deps: FrameScorerDeps;
  #nextSeq = 0;
  /** Media time of the newest moment. */
  #newest = Number.NEGATIVE_INFINITY;
  /** Frames since the last moment that were not scored. */
  #dropped: DropCounts = {};
  /** Frames that are with the analyser, or whose answer was not told. */
  readonly #pending = new Set<AnalysedFrame>();

  constructor(deps: FrameScorerDeps) {
    this.#deps = deps;
  }

  /**
   * The next frame may be given before this one is answered; answers come in the order of the calls. When its worker
   * died, the next call works again.
   * @param at where it lies in the session
   */
  async analyse(frame: Frame, { mediaTime, wallTime }: SessionTime): Promise<AnalysedFrame> {
    const { analyser, meter, pictures, follow, of = {}, clock = OWN_CLOCK } = this.#deps;
    meter?.decoded(1);
    const { source, loop, dropped, leftOut = 0, late = 0, width, height } = frame;
    const size = { width, height };
    const missing = { dropped, leftOut, late };
    // Before the pixels are handed over.
    const state = { show: pictures?.take(frame) ?? null, readings: null };
    const trace = follow?.(of, byOwnClock(frame.wallTime, clock)) ?? null;
    trace?.step('analyse');
    const analysed: AnalysedFrame = { mediaTime, wallTime, source, loop, ...missing, size, ...state, trace };
    this.#pending.add(analysed);
    const given = trace === null ? frame : { ...frame, timed: true };
    analysed.readings = await analyser.analyse(given).catch(nullIfWorkerDied).finally(frame.release);
    if (trace !== null) traceModelTimes(trace, analysed.readings?.times);
    return analysed;
  }

  /** Side in pixels of the smallest face that can be found in frames of this size. */
  smallestFace(frame: FrameSize): number {
    return this.#deps.analyser.smallestFace(frame);
  }

  /**
   * The moment that an answered frame becomes; null when it was lost with its worker, and is counted. To be called in
   * the order of the frames: what is not told leaves no trace in the timeline.
   */
  tell(analysed: AnalysedFrame): ScoredFrame | null {
    const { timeline, meter } = this.#deps;
    const { mediaTime, wallTime, loop, readings, trace } = analysed;
    if (readings === null) {
      this.#lose(analysed);
      return null;
    }
    trace?.step('timeline');
    const dropped = addDrops(this.#dropped, analysed.dropped);
    const at = { seq: this.#nextSeq, mediaTime, wallTime, loop, end: this.end };
    const scored = timeline.push({ ...at, dropped, faces: readings.faces, cut: readings.cut });
    if (trace !== null) attach(trace, scored.moment);
    analysed.show?.(scored.moment);
    this.#pending.delete(analysed);
    this.#count(analysed);
    this.#nextSeq += 1;
    this.#newest = mediaTime;
    this.#dropped = {};
    meter?.scored(1);
    return { ...scored, size: analysed.size, source: analysed.source };
  }

  /** Media time of the newest moment, in seconds; minus infinity without one. */
  get newest(): number {
    return this.#newest;
  }

  /** Counts a frame that is not scored, with those dropped before it. */
  drop(frame: Frame, counts: DropCounts): void {
    this.#deps.meter?.decoded(1);
    this.#count({ ...frame, dropped: addDrops(frame.dropped, counts) });
    frame.release?.();
  }

  /**
   * Closes the open episodes; `dropped`: frames since the last moment, those that were handed over and not told among them.
   * @param end where the source ended, in seconds of media time; null: with the last moment
   */
  finish(end: number | null): { events: EpisodeEvent[]; dropped: DropCounts } {
    const { timeline } = this.#deps;
    for (const analysed of this.#pending) this.#lose(analysed);
    const source = end === null ? 0 : timeline.missingUntil(end, this.#dropped);
    return {
      events: timeline.finish(),
      dropped: source > 0 ? addDrops(this.#dropped, { source }) : this.#dropped,
    };
  }

  #lose(analysed: AnalysedFrame): void {
    this.#pending.delete(analysed);
    analysed.trace?.end('worker');
    this.#count({ ...analysed, dropped: addDrops(analysed.dropped, { worker: 1 }) });
  }

  #count(missing: Pick<Frame, 'dropped' | 'leftOut' | 'late'>): void {
    this.#dropped = addDrops(this.#dropped, missing.dropped);
    if (Object.keys(missing.dropped).length > 0) this.#deps.meter?.dropped(measureDrops(missing));
  }
}

/** Traces have the times of this machine's clock, and frames may have those of another, such as the database's. */
function byOwnClock(wallTime: number, clock: Pick<RecordClock, 'now'>): number {
  return OWN_CLOCK.now() - Math.max(0, clock.now() - wallTime);
}

function attach(trace: MomentTrace, moment: Moment): void {
  const { seq, faces, mediaTime } = moment;
  trace.set({
    'mien.moment.seq': seq,
    'mien.moment.faces': faces.length,
    'mien.moment.media_time': mediaTime,
  });
  moment.trace = trace;
}

/** Null for a frame that was lost with its worker. */
function nullIfWorkerDied(error: unknown): null {
  if (isWorkerLost(error)) return null;
  throw error;
}

/** By its name: the class belongs to another room. */
function isWorkerLost(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkerLost';
}
