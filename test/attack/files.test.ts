/**
 * 1,500 damaged files (MUTATIONS=… others): each gives frames or one of the errors that clients are told, in a whole
 * sentence; none keeps a decoder running or ends the process.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import type { Ingest } from '../../src/ingest/index.ts';
import { file, ingestAt, open } from '../ingest/harness.ts';
import { type MediaDir, mediaDir } from '../ingest/media.ts';
import { naming } from '../ingest/processes.ts';
import { createRandom, type Random, SEED } from './random.ts';

const MUTATIONS = Number(process.env.MUTATIONS ?? 1_500);
const AT_ONCE = 4;
/** Milliseconds for one of them; a decoder that hangs would take for ever. */
const PATIENCE = 60_000;
const PICTURE = '-f lavfi -i testsrc=s=128x72:r=10:d=1';
const MAKE: Record<string, string> = {
  'clip.mp4': `${PICTURE} -c:v libx264 -pix_fmt yuv420p`,
  'moving.mp4': `${PICTURE} -c:v libx264 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov`,
  'clip.mkv': `${PICTURE} -c:v libx264 -pix_fmt yuv420p`,
  'clip.webm': `${PICTURE} -c:v libvpx`,
  'clip.ts': `${PICTURE} -c:v mpeg2video`,
  'clip.avi': `${PICTURE} -c:v mpeg4`,
  'clip.flv': `${PICTURE} -c:v flv`,
  'clip.mov': `${PICTURE} -c:v mjpeg -pix_fmt yuvj420p`,
  'clip.gif': PICTURE,
  'photo.jpg': `${PICTURE} -frames:v 1`,
  'photo.png': `${PICTURE} -frames:v 1`,
};

let media: MediaDir;
let ingest: Ingest;
beforeAll(async () => {
  media = await mediaDir();
  for (const [name, how] of Object.entries(MAKE)) await media.make(`${how} ${name}`);
  ingest = ingestAt(media.path);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

it(`${MUTATIONS} damaged files are read or refused with a sentence, seed ${SEED}`, async () => {
  const originals = await Promise.all(
    Object.keys(MAKE).map(async (name) => ({ name, bytes: await readFile(media.at(name)) })),
  );
  const random = createRandom(SEED);
  const outcomes = new Map<string, number>();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < MUTATIONS) {
        const { name, bytes } = originals[next % originals.length]!;
        const damaged = `${next++}-${name}`;
        await writeFile(media.at(damaged), mutate(bytes, random));
        const outcome = await outcomeOf(damaged);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        await rm(media.at(damaged));
      }
    }),
  );
  console.info(Object.fromEntries(outcomes));
  // Both must have happened, else nothing was tried.
  expect(outcomes.get('read')).toBeGreaterThan(0);
  expect(outcomes.size).toBeGreaterThan(1);
  expect(naming(media.path)).toEqual([]);
});

/** "read", or the code of the error. @throws Error for any other error, and when nothing comes for a minute */
async function outcomeOf(name: string): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const { frames } = await open(ingest, file(name), { signal });
    for await (const frame of frames)
      expect(frame.pixels.length).toBeGreaterThanOrEqual(frame.width * frame.height);
  } catch (error) {
    if (!(error instanceof MienError)) throw new Error(`${name} (seed ${SEED})`, { cause: error });
    expect(error.message).toMatch(/^\S.*\.$/s);
    return error.code;
  }
  if (signal.aborted) throw new Error(`${name} (seed ${SEED}) gave no end within a minute`);
  return 'read';
}

/** Some bytes are changed, taken out, repeated or put elsewhere, or the end is missing. */
function mutate(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let change = random.below(4); change >= 0; change--) {
    const at = random.below(bytes.length);
    const length = random.below(Math.min(64, bytes.length - at)) + 1;
    const [before, piece, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, at + length),
      bytes.subarray(at + length),
    ];
    const ways: (() => Buffer)[] = [
      () => {
        const changed = Buffer.from(bytes);
        for (let i = 0; i < length; i++) changed[at + i] = random.below(256);
        return changed;
      },
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, piece, piece, after]),
      () => bytes.subarray(0, Math.max(1, at)),
      () => Buffer.concat([before, bytes.subarray(0, random.below(256)), after]),
      // A size or a count that is absurd.
      () =>
        Buffer.concat([before, Buffer.from([0xff, 0xff, 0xff, random.below(256)]), bytes.subarray(at + 4)]),
    ];
    bytes = Buffer.from(random.pick(ways)());
    if (bytes.length === 0) bytes = Buffer.from([random.below(256)]);
  }
  return bytes;
}
