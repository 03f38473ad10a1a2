export { EPISODE_RULES, type EpisodeRules } from './episode-finder.ts';
export type { Thresholds } from './reading.ts';
export {
  addRollup,
  bucketRollups,
  coverage,
  emptyRollup,
  rollUp,
  sumRollups,
  WHOLE_PICTURE,
} from './rollup.ts';
export { createTimeline, SMOOTHING_SECONDS, type TimelineConfig } from './timeline.ts';
