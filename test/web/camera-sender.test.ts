/** A camera that the server takes and hangs up on at once is not offered to it every half second. */
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { CameraSender } from '../../src/web/camera/camera-sender.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Records nothing. */
class Recorder extends EventTarget {
  static isTypeSupported = () => true;
  state = 'inactive';
  start = () => {};
}

/** Milliseconds until it connects again, behind connections each of which stood for so long after it was taken. */
async function pausesAfter(stands: readonly number[]): Promise<number[]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  let taken = 0;
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ status: 'receiving' }), () => {
      taken += 1;
    });
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.stubGlobal('WebSocket', WebSocket);
  vi.stubGlobal('MediaRecorder', Recorder);
  const told: string[] = [];
  const camera = { getTracks: () => [] } as unknown as MediaStream;
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = new CameraSender({ camera, address, onChange: ({ state }) => told.push(state) });
  onTestFinished(() => sender.stop());
  // By no timer: those are the sender's.
  const is = async (state: string) => {
    while (told.at(-1) !== state) await setImmediate();
  };
  const pauses: number[] = [];
  for (const ms of stands) {
    await is('sending');
    vi.advanceTimersByTime(ms);
    for (const socket of server.clients) socket.close(4500, 'Something went wrong.');
    await is('lost');
    const since = performance.now();
    while (told.at(-1) === 'lost') vi.advanceTimersByTime(50);
    pauses.push(performance.now() - since);
  }
  await is('sending');
  expect(taken).toBe(stands.length + 1);
  return pauses;
}

test('pauses grow over connections that are taken and end at once, and are short again behind one that lasted', async () => {
  expect(await pausesAfter([0, 100, 0, 10_000, 0])).toEqual([500, 1_000, 2_000, 500, 1_000]);
});
