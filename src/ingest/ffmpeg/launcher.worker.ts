/** The thread in which ffmpegs are started. When it ends, so do they: `kill-with-parent` sees its pipes close. */
import { parentPort } from 'node:worker_threads';
import { type FfmpegRun, startFfmpeg } from './ffmpeg-process.ts';
import type { FromLauncher, ToLauncher } from './launcher-thread.ts';

const port = parentPort!;
const runs = new Map<number, FfmpegRun>();

port.on('message', (message: ToLauncher) => {
  if ('stop' in message) void runs.get(message.id)?.stop();
  else start(message);
});

function start({ id, start: options }: Extract<ToLauncher, { start: object }>): void {
  const lines = batchLines((batch) => send({ id, lines: batch }));
  const run = startFfmpeg({ ...options, onLine: lines.add });
  runs.set(id, run);
  void run.done.then((exit) => {
    runs.delete(id);
    lines.flush();
    send({ id, exit });
  });
}

/** Sends lines that were read in one piece in one message. */
function batchLines(sendBatch: (lines: string[]) => void) {
  let batch: string[] = [];
  const flush = () => {
    if (batch.length > 0) sendBatch(batch);
    batch = [];
  };
  return {
    add(line: string) {
      if (batch.push(line) === 1) queueMicrotask(flush);
    },
    flush,
  };
}

function send(message: FromLauncher): void {
  port.postMessage(message);
}
