/** Frames become numbered moments; what could not be scored is counted, and told with the next moment. */
import { addDrops, type DropCounts, type Frame } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { FaceAnalyser, Meter, SessionTimeline } from './ports.ts';

export interface ScoredFrame {
  moment: Moment;
  events: EpisodeEvent[];
}

export interface FrameScorerDeps {
  analyser: FaceAnalyser;
  timeline: SessionTimeline;
  meter?: Meter | undefined;
}

export class FrameScorer {
  readonly #deps: FrameScorerDeps;
  #nextSeq = 0;
  /** Frames since the last moment that were not scored. */
  #dropped: DropCounts = {};

  constructor(deps: FrameScorerDeps) {
    this.#deps = deps;
  }

  /**
   * Null when the worker died; the frame is counted, and the next call works again. The next frame may be given
   * before this one is answered; answers come in the order of the calls.
   * @param mediaTime seconds since the session's start
   */
  async score(frame: Frame, mediaTime: number): Promise<ScoredFrame | null> {
    const { analyser, timeline, meter } = this.#deps;
    meter?.decoded(1);
    const { wallTime } = frame;
    const faces = await analyser.analyse(frame).catch(nullIfWorkerDied).finally(frame.release);
    // Only now: a frame before this one may have been with the worker until now.
    this.#count(frame.dropped);
    if (faces === null) {
      this.#count({ worker: 1 });
      return null;
    }
    const scored = timeline.push({ seq: this.#nextSeq, mediaTime, wallTime, dropped: this.#dropped, faces });
    this.#nextSeq += 1;
    this.#dropped = {};
    meter?.scored(1);
    return scored;
  }

  /** Counts a frame that is not scored, with those dropped before it. */
  drop(frame: Frame, counts: DropCounts): void {
    this.#deps.meter?.decoded(1);
    this.#count(addDrops(frame.dropped, counts));
    frame.release?.();
  }

  /** Closes the open episodes; `dropped`: frames since the last moment. */
  finish(): { events: EpisodeEvent[]; dropped: DropCounts } {
    return { events: this.#deps.timeline.finish(), dropped: this.#dropped };
  }

  #count(counts: DropCounts): void {
    this.#dropped = addDrops(this.#dropped, counts);
    if (Object.keys(counts).length > 0) this.#deps.meter?.dropped(counts);
  }
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
