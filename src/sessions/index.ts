export {
  type AnalyseDeps,
  type AnalyseOptions,
  type AnalyseSummary,
  analyseSource,
} from './analyse-source.ts';
export type { OpenTimeline } from './ports.ts';
export type { RegisterInput } from './registration.ts';
export { StreamManager, type StreamManagerDeps } from './stream-manager.ts';
