/** One source from its first frame to its last, without server or store. */
import type { DropCounts, Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { RECORDING_READ_AHEAD } from '../domain/read-ahead.ts';
import { FrameScorer } from './frame-scorer.ts';
import { scoreInOrder } from './ordered-prefetch.ts';
import type { OpenAnalyser, OpenSource, OpenTimeline } from './ports.ts';
import { createSessionClock } from './session-clock.ts';

export interface AnalyseDeps {
  open: OpenSource;
  openAnalyser: OpenAnalyser;
  openTimeline: OpenTimeline;
}

export interface AnalyseOptions {
  /** Frames scored per second of media time. */
  frameRate: number;
  signal: AbortSignal;
  /** What the moments carry as `sessionId`; must differ between sources analysed at the same time. */
  sessionId?: string;
  /** Told once, before the first moment. */
  onInfo?: (info: SourceInfo) => void;
}

export interface AnalyseSummary {
  info: SourceInfo;
  moments: number;
  /** Frames that were not scored after the last moment; those before are in the moments. */
  dropped: DropCounts;
  /** What closed the episodes that were open at the end. */
  events: EpisodeEvent[];
}

/**
 * Every frame, as fast as they are scored. `onMoment` is waited for, so that a slow writer slows the reading.
 * @throws what opening and decoding throw; moments before that have been told
 */
export async function analyseSource(
  deps: AnalyseDeps,
  source: SourceInput,
  options: AnalyseOptions,
  onMoment: (moment: Moment, events: EpisodeEvent[]) => void | Promise<void>,
): Promise<AnalyseSummary> {
  const { frameRate, signal, sessionId = 'analysis' } = options;
  const analyser = deps.openAnalyser(sessionId);
  const scorer = new FrameScorer({ analyser, timeline: deps.openTimeline(sessionId) });
  const clock = createSessionClock();
  let moments = 0;
  try {
    const { info, frames } = await deps.open(source, { frameRate, realtime: false, loop: false, signal });
    await closeOnError(frames, () => options.onInfo?.(info));
    const score = (frame: Frame) => scorer.score(frame, clock.at(frame.mediaTime, frame.wallTime));
    for await (const { moment, events } of scoreInOrder(frames, score, RECORDING_READ_AHEAD.scoring)) {
      moments += 1;
      await onMoment(moment, events);
    }
    return { info, moments, ...scorer.finish() };
  } finally {
    await analyser.close();
  }
}

/** What is opened runs already: a failure before its first frame was asked for closes it. */
async function closeOnError(frames: AsyncIterable<Frame>, work: () => void): Promise<void> {
  try {
    work();
  } catch (error) {
    await frames[Symbol.asyncIterator]().return?.();
    throw error;
  }
}
