/** Turns one session's raw readings into its moments and episodes; its only state is the session's own past. */
import type { RawReading } from '../domain/face.ts';
import { addDrops, type DropCounts, type LoopPlace } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { quantise } from '../domain/quantise.ts';
import { EPISODE_RULES, EpisodeFinder, type EpisodeRules } from './episode-finder.ts';
import { normalised, type Thresholds, toReading } from './label-reading.ts';
import { createDurations } from './moment-duration.ts';
import { createSmoother } from './smoother.ts';

export interface TimelineConfig {
  thresholds: Thresholds;
  episodes?: Partial<EpisodeRules>;
}

/** One frame's raw readings, with the number that its moment gets. */
export interface TimelineInput {
  seq: number;
  /** Seconds; not less than the one before. */
  mediaTime: number;
  wallTime: number;
  /** Of a looped recording only. */
  loop?: LoopPlace | undefined;
  dropped: DropCounts;
  faces: RawReading[];
  /** Where the recording ends, in seconds; null or undefined: not known. */
  end?: number | null | undefined;
  /** Whether another scene begins with it. */
  cut?: boolean | undefined;
}

/** A track that was not seen for so many seconds starts anew. */
const FORGET_SECONDS = 5;

/** What a timeline has to know of its stream. */
export interface TimelineSettings {
  /** Time constant of smoothing in milliseconds of media time; 0: none. */
  smoothing: number;
  /** Frames per second of media time. */
  frameRate: number;
}

/** Opens timelines by the same thresholds, one per session. Their moments are rounded as the store keeps them. */
export function createTimeline(config: TimelineConfig) {
  const rules = { ...EPISODE_RULES, ...config.episodes };
  return (sessionId: string, { smoothing, frameRate }: TimelineSettings) => {
    const smoother = createSmoother(smoothing / 1000);
    const finder = new EpisodeFinder(sessionId, rules);
    const durations = createDurations(frameRate);
    return {
      push({ faces, cut = false, end, ...at }: TimelineInput): { moment: Moment; events: EpisodeEvent[] } {
        smoother.prune(at.mediaTime - FORGET_SECONDS);
        const readings = faces.map((raw) => {
          const sample = {
            mediaTime: at.mediaTime,
            weight: raw.quality.score * raw.agreement,
            probabilities: normalised(raw.probabilities),
            valence: raw.valence,
            arousal: raw.arousal,
          };
          return toReading(raw, smoother.push(raw.track, sample), config.thresholds);
        });
        const judged = readings.map(({ track, probabilities, rawProbabilities, quality }) => ({
          ...{ track, probabilities, raw: rawProbabilities },
          judged: quality.score >= config.thresholds.quality,
        }));
        const { previousDuration, missing } = durations.next(at.mediaTime, at.dropped);
        const dropped = addDrops(at.dropped, { source: missing });
        // First, because it throws where a reading holds no number: then no episode may tell of this frame.
        const untilEnd = secondsUntil(end, at.mediaTime, previousDuration);
        const moment = quantise({
          ...{ sessionId, ...at, dropped, previousDuration, untilEnd, cut },
          faces: readings,
        });
        const closed = cut ? finder.finish() : [];
        return { moment, events: [...closed, ...finder.push(at, judged)] };
      },
      finish: (): EpisodeEvent[] => finder.finish(),
      ...{ missingUntil: durations.missingUntil, forget: (until: number) => finder.forget(until) },
    };
  };
}

/** Undefined: the moment stands as long as any other. A recording that says less than it has tells nothing. */
function secondsUntil(end: number | null | undefined, mediaTime: number, most: number): number | undefined {
  const seconds = (end ?? Number.POSITIVE_INFINITY) - mediaTime;
  return seconds > 0 && seconds < most ? seconds : undefined;
}
