import { createServer } from 'node:net';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { DecodeJob } from '../../src/ingest/decode-job.ts';
import { createShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';
import { deliverFrames } from '../../src/ingest/frame-delivery.ts';
import { startStallWatchdog } from '../../src/ingest/frames/stall-watchdog.ts';

// Other files of this thread may have left a clock that stands still.
beforeAll(() => void vi.useRealTimers());

test('frames of which ffmpeg does not tell are not waited for without end', async () => {
  const job = {
    info: { kind: 'file', live: false, width: 0, height: 0, duration: null },
    options: {
      frameRate: 10,
      realtime: false,
      loop: false,
      detectSize: 'STANDARD',
      signal: new AbortController().signal,
    },
    deps: { limits: { maxPixels: 1e6 } },
    ffmpeg: { hasNoAutoscale: true },
    reading: { track: 0, byArrival: false, firstTime: null, fillsDuration: false, seeks: true },
    outlet: { give: () => null, end: () => {} },
    start: { mediaTime: () => 0, position: 0, leaveOut: false, pass: 0, passes: 1, decoded: null },
    showinfo: createShowinfo(),
  } as unknown as DecodeJob;
  const progress = {
    count: 0,
    mediaTime: 0,
    pts: null,
    log: [],
    leftover: null,
    stopping: new AbortController(),
  };
  const watchdog = startStallWatchdog(20, 0, () => {});
  watchdog.stop();
  const { sink } = deliverFrames(job, progress, watchdog, 0.05);
  // As ffmpeg does: it listens, and writes to whoever comes.
  const server = createServer((socket) => void socket.write('pixels'));
  server.listen(String(sink.target).replace('unix:', ''));
  onTestFinished(() => void server.close());
  expect(await sink.thrown).toMatchObject({
    message: 'ffmpeg wrote a frame, and did not tell of it in 0.05 s',
  });
  sink.abandon();
});
