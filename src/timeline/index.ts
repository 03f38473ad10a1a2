export { EPISODE_RULES, type EpisodeRules } from './episode.ts';
export type { Thresholds } from './reading.ts';
export {
  addDrops,
  addRollup,
  bucketRollups,
  coverage,
  emptyRollup,
  rollUp,
  sumRollups,
  totalDrops,
  WHOLE_PICTURE,
} from './summarise.ts';
export { createTimeline, SMOOTHING_SECONDS, type TimelineConfig } from './timeline.ts';
