import { expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { RECORDING_READ_AHEAD } from '../../src/domain/read-ahead.ts';
import { createFrameQueue } from '../../src/ingest/frames/frame-queue.ts';

const frame = (mediaTime: number): Frame => ({
  ...{ pixels: new Uint8Array(1), width: 1, height: 1 },
  ...{ mediaTime, wallTime: 0, dropped: {} },
});

test('in real time the buffer keeps the newest frame, and counts the others as dropped', async () => {
  const buffer = createFrameQueue(true);
  const released: number[] = [];
  for (const time of [0, 1, 2]) await buffer.put({ ...frame(time), release: () => released.push(time) });
  expect(released).toEqual([0, 1]);
  expect(await buffer.take()).toMatchObject({ mediaTime: 2, dropped: { busy: 2 } });
  const next = buffer.take();
  await buffer.put(frame(3));
  expect(await next).toMatchObject({ mediaTime: 3, dropped: {} });
  await buffer.put(frame(4));
  buffer.end();
  expect(await buffer.take()).toMatchObject({ mediaTime: 4 });
  expect(await buffer.take()).toBeNull();
});

test('what was left out before a frame still counts when that frame, or the one before it, is replaced', async () => {
  const buffer = createFrameQueue(true);
  await buffer.put({ ...frame(1), dropped: { busy: 2 }, leftOut: 2, late: 0 });
  await buffer.put({ ...frame(2), dropped: { busy: 3 }, leftOut: 1, late: 2 });
  expect(await buffer.take()).toMatchObject({ mediaTime: 2, dropped: { busy: 6 }, leftOut: 3, late: 2 });
});

test('of a recording the buffer keeps every frame, and lets the decoder wait', async () => {
  const buffer = createFrameQueue(false);
  const last = RECORDING_READ_AHEAD.buffered - 1;
  for (let time = 0; time < last; time++) expect(buffer.put(frame(time))).toBeNull();
  let hasRoom = false;
  const full = buffer.put(frame(last))!.then(() => {
    hasRoom = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(hasRoom).toBe(false);
  expect(await buffer.take()).toMatchObject({ mediaTime: 0 });
  await full;
  buffer.end(new Error('broke'));
  for (let time = 1; time <= last; time++) expect(await buffer.take()).toMatchObject({ mediaTime: time });
  await expect(buffer.take()).rejects.toThrow('broke');
});
