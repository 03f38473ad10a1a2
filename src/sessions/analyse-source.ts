/** One source from its first frame to its last, without server or store. */
import { type DetectSize, inSourcePixels } from '../domain/detect-size.ts';
import type { DropCounts, Frame, FrameSize, SourceInfo, SourceInput } from '../domain/frame.ts';
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
  /** Time constant of the smoothing, in milliseconds of media time; 0: none. */
  smoothing: number;
  detectSize: DetectSize;
  signal: AbortSignal;
  /** What the moments carry as `sessionId`; must differ between sources analysed at the same time. */
  sessionId?: string;
  /** Told once, before the first moment. */
  onInfo?: (info: SourceInfo) => void;
  /** Told once all its frames are with the models; answers of the last ones are still to come. */
  onHandedOver?: () => void;
}

export interface AnalyseSummary {
  info: SourceInfo;
  moments: number;
  /** Frames that were not scored after the last moment; those before are in the moments. */
  dropped: DropCounts;
  /** What closed the episodes that were open at the end. */
  events: EpisodeEvent[];
}

/** The frame of a moment: its size, as it was searched. */
export interface SearchedFrame extends FrameSize {
  /** Of the source's own picture, of which it is a copy. */
  source: FrameSize;
  /** Side of the smallest face that could be found in it, in pixels of the source's own picture. */
  smallestFace: number;
  /** Whether it is smaller than the source's own picture. */
  reduced: boolean;
}

/**
 * Every frame, as fast as they are scored. `onMoment` is waited for, so that a slow writer slows the reading.
 * @throws what opening and decoding throw; moments before that have been told
 */
export async function analyseSource(
  deps: AnalyseDeps,
  source: SourceInput,
  options: AnalyseOptions,
  onMoment: (moment: Moment, events: EpisodeEvent[], frame: SearchedFrame) => void | Promise<void>,
): Promise<AnalyseSummary> {
  const { frameRate, smoothing, detectSize, signal, sessionId = 'analysis' } = options;
  const analyser = deps.openAnalyser(sessionId);
  const timeline = deps.openTimeline(sessionId, { smoothing, frameRate });
  const scorer = new FrameScorer({ analyser, timeline });
  const clock = createSessionClock();
  let moments = 0;
  try {
    const opening = { frameRate, realtime: false, loop: false, detectSize, signal };
    const { info, frames } = await deps.open(source, opening);
    await closeOnError(frames, () => options.onInfo?.(info));
    scorer.end = info.live ? null : info.duration;
    const analyse = (frame: Frame) => scorer.analyse(frame, clock.at(frame.mediaTime, frame.wallTime));
    const all = toldAtEnd(frames, () => options.onHandedOver?.());
    for await (const analysed of scoreInOrder(all, analyse, RECORDING_READ_AHEAD.scoring)) {
      const scored = scorer.tell(analysed);
      if (scored === null) continue;
      moments += 1;
      const { moment, events, size, source = info } = scored;
      const found = scorer.smallestFace(size);
      const smallestFace = inSourcePixels(found, size, source);
      await onMoment(moment, events, { ...size, source, smallestFace, reduced: smallestFace > found });
    }
    return { info, moments, ...scorer.finish(null) };
  } finally {
    await analyser.close();
  }
}

async function* toldAtEnd(frames: AsyncIterable<Frame>, onEnd: () => void): AsyncGenerator<Frame> {
  yield* frames;
  onEnd();
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
