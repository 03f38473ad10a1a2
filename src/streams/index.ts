export { type AnalyseDeps, type AnalyseOptions, type AnalyseSummary, analyseSource } from './analyse.ts';
export { type Cursor, decodeCursor, encodeCursor, momentCursor, seqOfCursor } from './cursor.ts';
export { createLive, type Live, type SentEpisode, type SentStatus } from './live.ts';
export { PURPOSES, type RegisterInput } from './register.ts';
export { type MomentsRequest, openMoments, type ResumeDeps, type SentMoment } from './resume.ts';
export { PACE, type Pace } from './session.ts';
export { createStreams, type Streams, type StreamsDeps } from './streams.ts';
