import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { openFrameSocket } from '../../src/ingest/frames/frame-socket.ts';

test('what an ffmpeg wrote that was gone before its connection was reported is read all the same', async () => {
  let taken = '';
  const socket = openFrameSocket((chunk) => {
    taken += Buffer.from(chunk).toString();
    return null;
  });
  const server = createServer((client) => client.end('abc')).listen(socket.path);
  // As long as the socket waits before it looks whether anyone listens: when both timers are late, this one is next.
  const looked = new Promise((resolve) => setTimeout(resolve, 3));
  for (const began = performance.now(); performance.now() < began + 10; );
  await looked;
  await socket.drained();
  expect(taken).toBe('abc');
  server.close();
});
