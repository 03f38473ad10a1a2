/** Frames become numbered moments; what could not be scored is counted, and told with the next moment. */
import { addDrops, type DropCounts, type Frame } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { FaceAnalyser, Meter, SessionTimeline } from './ports.ts';

export interface Scored {
  moment: Moment;
  events: EpisodeEvent[];
}

export interface Scorer {
  /**
   * Null when the worker died; the frame is counted, and the next call works again. The next frame may be given
   * before this one is answered; answers come in the order of the calls.
   */
  score(frame: Frame, mediaTime: number): Promise<Scored | null>;
  /** Counts a frame that is not scored, with those dropped before it. */
  drop(frame: Frame, counts: DropCounts): void;
  /** Closes the open episodes; `dropped`: frames since the last moment. */
  finish(): { events: EpisodeEvent[]; dropped: DropCounts };
}

export interface ScorerDeps {
  analyser: FaceAnalyser;
  timeline: SessionTimeline;
  meter?: Meter | undefined;
}

export function createScorer({ analyser, timeline, meter }: ScorerDeps): Scorer {
  let seq = 0;
  let dropped: DropCounts = {};
  const count = (counts: DropCounts) => {
    dropped = addDrops(dropped, counts);
    if (Object.keys(counts).length > 0) meter?.dropped(counts);
  };
  return {
    async score(frame, mediaTime) {
      meter?.decoded(1);
      const { wallTime } = frame;
      const faces = await analyser.analyse(frame).catch(unlessLost).finally(frame.release);
      // Only now: a frame before this one may have been with the worker until now.
      count(frame.dropped);
      if (faces === null) {
        count({ worker: 1 });
        return null;
      }
      const scored = timeline.push({ seq, mediaTime, wallTime, dropped, faces });
      seq += 1;
      dropped = {};
      meter?.scored(1);
      return scored;
    },
    drop(frame, counts) {
      meter?.decoded(1);
      count(addDrops(frame.dropped, counts));
      frame.release?.();
    },
    finish: () => ({ events: timeline.finish(), dropped }),
  };
}

/** Null for a frame that its worker took along. */
function unlessLost(error: unknown): null {
  if (isWorkerLost(error)) return null;
  throw error;
}

/** By its name: the class belongs to another room. */
function isWorkerLost(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkerLost';
}
