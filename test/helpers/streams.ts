/** A stream as tests register it, in one place: whoever gives streams a new setting says here what tests take. */
import type { StreamRecord } from '../../src/domain/stream.ts';

/** All that a stream is told with its source, as a repository takes it. */
export const SETTINGS: Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'> = {
  name: 'a',
  source: { type: 'file', path: 'a.mp4' },
  purpose: 'RESEARCH',
  frameRate: 10,
  priority: 'NORMAL',
  timing: null,
  loop: false,
  realtime: null,
  detectSize: 'STANDARD',
  smoothing: 250,
  tags: {},
  retention: null,
};

/** One that runs. */
export const STREAM_RECORD: StreamRecord = {
  ...SETTINGS,
  id: 'a',
  shouldRun: true,
  createdAt: new Date(0),
};
