/** Parts that replace one another, however the network cuts them. */
import { expect, test } from 'vitest';
import { readParts } from '../../src/web/live/multipart-reader.js';

const part = (seq: number, bytes: number[]) =>
  Buffer.concat([
    Buffer.from(
      `content-type: image/jpeg\r\ncontent-length: ${bytes.length}\r\nx-mien-seq: ${seq}\r\nx-mien-media-time: 1.5\r\n\r\n`,
    ),
    Buffer.from(bytes),
    Buffer.from('\r\n--mien-picture\r\n'),
  ]);

function readerOf(chunks: Uint8Array[]) {
  const state = { cancelled: 0 };
  const reader = {
    read: async () =>
      chunks.length > 0
        ? { done: false as const, value: chunks.shift()! }
        : { done: true as const, value: undefined },
    async cancel() {
      state.cancelled += 1;
    },
  };
  return { reader: reader as never, state };
}

async function all(reader: never) {
  const found: [number, number[]][] = [];
  for await (const { seq, jpeg } of readParts(reader)) found.push([seq, [...jpeg]]);
  return found;
}

// Among the bytes is what ends a head.
const JPEG = [255, 216, 13, 10, 13, 10, 255, 217];
const WHOLE = Buffer.concat([Buffer.from('--mien-picture\r\n'), part(7, JPEG), part(9, [1]), part(10, [])]);

test.each([1, 2, 3, 7, 50, 1000])('in chunks of %i bytes', async (size) => {
  const chunks = Array.from({ length: Math.ceil(WHOLE.length / size) }, (_, at) =>
    WHOLE.subarray(at * size, (at + 1) * size),
  );
  const { reader, state } = readerOf(chunks);
  expect(await all(reader)).toEqual([
    [7, JPEG],
    [9, [1]],
    [10, []],
  ]);
  expect(state.cancelled).toBe(1);
});

test('what is no picture is refused, and what is read no further is given up', async () => {
  const { reader, state } = readerOf([
    Buffer.from('--mien-picture\r\ncontent-type: text/html\r\n\r\n<p>'),
    WHOLE,
  ]);
  await expect(all(reader)).rejects.toThrow('no picture');
  expect(state.cancelled).toBe(1);
});
