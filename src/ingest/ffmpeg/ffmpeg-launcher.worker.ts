/** The thread in which ffmpegs are started. Its end is theirs: their guards see its pipes close. */
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from './ffmpeg-launcher.ts';
import { type Run, startFfmpeg } from './ffmpeg-process.ts';

const port = parentPort!;
const runs = new Map<number, Run>();

port.on('message', (message: ToThread) => {
  if ('stop' in message) void runs.get(message.run)?.stop();
  else start(message);
});

function start({ run: id, start: options }: Extract<ToThread, { start: object }>): void {
  const lines = gather((some) => send({ run: id, lines: some }));
  const run = startFfmpeg({ ...options, onLine: lines.add });
  runs.set(id, run);
  void run.done.then((exit) => {
    runs.delete(id);
    lines.flush();
    send({ run: id, exit });
  });
}

/** Lines that come in one piece go in one message. */
function gather(hand: (lines: string[]) => void) {
  let waiting: string[] = [];
  const flush = () => {
    if (waiting.length > 0) hand(waiting);
    waiting = [];
  };
  return {
    add(line: string) {
      if (waiting.push(line) === 1) queueMicrotask(flush);
    },
    flush,
  };
}

function send(message: FromThread): void {
  port.postMessage(message);
}
