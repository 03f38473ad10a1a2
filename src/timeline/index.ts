export { rollUp } from './rollup.ts';
export { createTimeline } from './timeline.ts';
