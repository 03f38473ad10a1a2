export {
  type AnalyseDeps,
  type AnalyseOptions,
  type AnalyseSummary,
  analyseSource,
  type SearchedFrame,
} from './analyse-source.ts';
export { type RegisterInput, refusedPurposes } from './check-registration.ts';
export { Eraser } from './eraser.ts';
export { LoadControl, type LoadDeps } from './load/load-control.ts';
export type { OpenTimeline } from './ports.ts';
export { RemoteStreams, type Workers } from './remote-streams.ts';
export { StreamManager } from './stream-manager.ts';
export type { StreamManagerDeps } from './stream-manager-deps.ts';
