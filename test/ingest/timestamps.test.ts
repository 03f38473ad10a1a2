/** Recordings whose timestamps are wrong in places. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { file, ingestAt, read, risesAlways } from './harness.ts';
import { counting, frameNumber, type MediaDir, MPEG4, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting({ seconds: 3 })} ${MPEG4} clip.mkv`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const SIMPLE_BLOCK = 0xa3;

/** Where the timestamps of a Matroska file's blocks are, in their order: milliseconds in 16 bits, from the cluster's own. */
function timestampsOf(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const idLength = Math.clz32(bytes[at]!) - 23;
    const id = bytes.readUIntBE(at, idLength);
    at += idLength;
    const sizeLength = Math.clz32(bytes[at]!) - 23;
    const size = Number(
      BigInt.asUintN(7 * sizeLength, bytes.readBigUInt64BE(at) >> BigInt(64 - 8 * sizeLength)),
    );
    at += sizeLength;
    if (id === SIMPLE_BLOCK) found.push(at + 1);
    if (id !== SEGMENT && id !== CLUSTER) at += size;
  }
  return found;
}

/** The clip, with the timestamps of these frames moved by so many milliseconds. @returns its name */
async function moved(name: string, frames: readonly number[], milliseconds: number): Promise<string> {
  const bytes = await readFile(media.at('clip.mkv'));
  const places = timestampsOf(bytes);
  expect(places).toHaveLength(90);
  for (const frame of frames)
    bytes.writeInt16BE(bytes.readInt16BE(places[frame]!) + milliseconds, places[frame]!);
  await writeFile(media.at(name), bytes);
  return name;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test.each([
  ['four frames, each alone, are set back', [10, 30, 50, 70], -900],
  ['a third of a second is set back', range(40, 50), -900],
  ['four frames, each alone, are set forward', [10, 30, 50, 70], 20_000],
  ['a sixth of a second is set forward', range(40, 45), 20_000],
  ['the last but one frame that comes is set forward', [84], 20_000],
])('media time is that of the recording behind the place where %s', async (name, frames, by) => {
  const got = await read(ingest, file(await moved(`${name}.mkv`, frames, by)), { frameRate: 10 });
  expect(risesAlways(got)).toBe(true);
  expect(got.length).toBeGreaterThanOrEqual(27);
  expect(got.length).toBeLessThanOrEqual(34);
  const wrong = got.filter(({ pixels, mediaTime }) => {
    const number = Math.round(frameNumber(pixels));
    return !frames.includes(number) && Math.abs(number / 30 - mediaTime) > 0.002;
  });
  expect(wrong.map(({ mediaTime }) => mediaTime)).toEqual([]);
  const off = got.map(({ pixels, mediaTime }) => Math.abs(Math.round(frameNumber(pixels)) / 30 - mediaTime));
  expect(Math.max(...off)).toBeLessThan(0.4);
});
