/** The process that starts ffmpegs. When it ends, so do they: `kill-with-parent` sees its pipes close. */
import { type FfmpegRun, startFfmpeg } from './ffmpeg-process.ts';
import type { FromLauncher, ToLauncher } from './launcher-client.ts';

const runs = new Map<number, FfmpegRun>();

process.on('message', (message: ToLauncher) => {
  if ('stop' in message) void runs.get(message.id)?.stop();
  else start(message);
});
// It lasts exactly as long as the server, also when that is killed.
process.on('disconnect', () => process.exit());
// What a terminal or a service manager sends to all processes is for the server, which ends its runs in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

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

/** An error means that the server is gone, for which `disconnect` ends this process. */
function send(message: FromLauncher): void {
  process.send!(message, () => {});
}
