/** Turns one session's raw readings into its moments and episodes; its only state is the session's own past. */
import type { RawReading } from '../domain/face.ts';
import type { DropCounts } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { quantise } from '../domain/quantise.ts';
import { EPISODE_RULES, EpisodeFinder, type EpisodeRules } from './episode-finder.ts';
import { normalised, type Thresholds, toReading } from './reading.ts';
import { createSmoother } from './smoother.ts';

export interface TimelineConfig {
  thresholds: Thresholds;
  /** Time constant in seconds of media time; 0 switches smoothing off. */
  smoothingSeconds?: number;
  episodes?: Partial<EpisodeRules>;
}

/** One frame's raw readings, with the number that its moment gets. */
export interface TimelineInput {
  seq: number;
  /** Seconds; not less than the one before. */
  mediaTime: number;
  wallTime: number;
  dropped: DropCounts;
  faces: RawReading[];
}

/** An expression unfolds in about a quarter of a second, and a viewer does not see that lag. */
const SMOOTHING_SECONDS = 0.25;
/** A track that was not seen for so many seconds starts anew. */
const FORGET_SECONDS = 5;

/** Opens timelines by the same thresholds, one per session. Its moments are rounded as the store keeps them. */
export function createTimeline(config: TimelineConfig) {
  const rules = { ...EPISODE_RULES, ...config.episodes };
  const seconds = config.smoothingSeconds ?? SMOOTHING_SECONDS;
  return (sessionId: string) => {
    const smoother = createSmoother(seconds);
    const finder = new EpisodeFinder(sessionId, rules);
    return {
      push({ faces, ...at }: TimelineInput): { moment: Moment; events: EpisodeEvent[] } {
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
        const judged = readings.map(({ track, probabilities, quality }) => ({
          track,
          probabilities,
          judged: quality.score >= config.thresholds.quality,
        }));
        const events = finder.push(at.mediaTime, judged);
        return { moment: quantise({ sessionId, ...at, faces: readings }), events };
      },
      finish: (): EpisodeEvent[] => finder.finish(),
    };
  };
}
