export {
  type Cursor,
  decodeCursor,
  encodeCursor,
  momentCursor,
  seqOfCursor,
} from '../subscriptions/cursor.ts';
export { createLive, type Live } from '../subscriptions/live.ts';
export {
  type MomentsRequest,
  openMoments,
  type ResumeDeps,
} from '../subscriptions/open-moments.ts';
export {
  type AnalyseDeps,
  type AnalyseOptions,
  type AnalyseSummary,
  analyseSource,
} from './analyse-source.ts';
export type { RegisterInput } from './registration.ts';
export { PACE, type Pace } from './session-runner.ts';
export { createStreams, type Streams, type StreamsDeps } from './stream-manager.ts';
