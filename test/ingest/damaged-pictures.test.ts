/** Pictures that are cut off or written over: what can be read of them is given, and the damage is told, by whatever decodes. */
import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, read, refusal } from './harness.ts';
import { type MediaDir, mediaDir } from './media.ts';

let media: MediaDir;
let byFfmpeg: ReturnType<typeof ingestAt>;
/** As `mien analyze` has it. */
let byItself: ReturnType<typeof ingestAt>;

const [SOF, SOS] = [Buffer.from([0xff, 0xc0]), Buffer.from([0xff, 0xda])];

beforeAll(async () => {
  media = await mediaDir();
  byFfmpeg = ingestAt(media.path);
  byItself = ingestAt(media.path, { decodePictures: true });
  const view = '-f lavfi -i testsrc2=s=160x120:d=1 -frames:v 1';
  await Promise.all(
    [
      `${view} -pix_fmt yuvj420p -q:v 3 whole.jpg`,
      `${view} whole.png`,
      `${view} -c:v libwebp whole.webp`,
      `${view} whole.bmp`,
      `${view} -pix_fmt rgb24 whole.tiff`,
      `${view} -f gif whole.gif`,
    ].map((made) => media.make(made)),
  );
  const progressive = sharp(media.at('whole.png')).jpeg({ progressive: true });
  await progressive.toFile(media.at('progressive.jpg'));
});
afterAll(async () => {
  await Promise.all([byFfmpeg.close(), byItself.close()]);
  await media.remove();
});

type Damage = (bytes: Buffer) => Buffer;

const cut: Damage = (bytes) => bytes.subarray(0, Math.round(bytes.length * 0.6));
const writtenOver: Damage = (bytes) => bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 150);
/** Before its third scan: all of the picture is there, and coarse. */
const cutBetweenScans: Damage = (bytes) => {
  let at = bytes.indexOf(SOS);
  for (let scan = 1; scan < 3; scan++) at = bytes.indexOf(SOS, at + 2);
  return bytes.subarray(0, at);
};

async function damaged(name: string, damage: Damage): Promise<string> {
  const made = `damaged ${name}`;
  await writeFile(media.at(made), damage(await readFile(media.at(name))));
  return made;
}

test.each([
  ['cut off', 'whole.jpg', cut],
  ['written over within', 'whole.jpg', writtenOver],
  ['cut off', 'progressive.jpg', cut],
  ['cut off between two scans', 'progressive.jpg', cutBetweenScans],
  ['written over within', 'whole.tiff', writtenOver],
  ['written over within', 'whole.gif', writtenOver],
] as const)(
  'of a picture that is %s (%s) what can be read is given, and its damage told',
  async (_what, of, damage) => {
    const name = await damaged(of, damage);
    for (const ingest of [byFfmpeg, byItself]) {
      const frames: Frame[] = [];
      const reading = async () => {
        for await (const frame of decode(ingest, file(name))) frames.push(frame);
      };
      expect(await refusal(reading())).toEqual({
        code: 'SOURCE_FAILED',
        message: `"${name}" is cut off or damaged: only a part of it could be read; copy it again.`,
      });
      expect(frames).toMatchObject([{ mediaTime: 0, width: 160, height: 120 }]);
    }
  },
);

const DAMAGED =
  'is a picture that is cut off, damaged or of a kind that mien cannot read; copy it again, or save it as JPEG or PNG.';

const NO_PICTURE =
  'is named like a picture, and is none that mien reads; choose another file, or save it as JPEG or PNG.';

test.each([
  ['cut off', 'whole.png', cut, DAMAGED],
  ['written over within', 'whole.png', writtenOver, DAMAGED],
  ['cut off', 'whole.webp', cut, DAMAGED],
  ['cut off', 'whole.bmp', cut, DAMAGED],
  ['cut off', 'whole.tiff', cut, DAMAGED],
  [
    'cut off before its picture',
    'whole.jpg',
    (bytes: Buffer) => bytes.subarray(0, bytes.indexOf(SOF)),
    DAMAGED,
  ],
  ['cut off', 'whole.gif', cut, 'is not a video or picture, or too damaged to read; choose another file.'],
  ['empty', 'whole.jpg', () => Buffer.alloc(0), 'is empty; copy the video again.'],
  ['text', 'whole.jpg', () => Buffer.from('no picture\n'), NO_PICTURE],
  ['text that begins as a BMP does', 'whole.bmp', () => Buffer.from('BMW is a maker of cars.\n'), NO_PICTURE],
] as const)(
  'of a file that is %s (%s) nothing can be read, which is told',
  async (_what, of, damage, told) => {
    const name = await damaged(of, damage);
    for (const ingest of [byFfmpeg, byItself])
      expect(await refusal(read(ingest, file(name)))).toEqual({
        code: 'SOURCE_NOT_VIDEO',
        message: `"${name}" ${told}`,
      });
  },
);

const without = (count: number) => (bytes: Buffer) => bytes.subarray(0, -count);
const followed: Damage = (bytes) => Buffer.concat([bytes, Buffer.from('what a camera wrote behind it')]);
/** Words of a decoder's, as a comment of the picture. */
const commented: Damage = (bytes) => {
  const text = '\n[mjpeg @ 0x1] overread 8\n';
  const segment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 2 + text.length]), Buffer.from(text)]);
  return Buffer.concat([bytes.subarray(0, 2), segment, bytes.subarray(2)]);
};

test.each([
  ['that does not say where it ends', 'whole.jpg', without(2)],
  ['with other bytes behind it', 'whole.jpg', followed],
  ['with the words of a decoder in it', 'whole.jpg', commented],
  ['in scans', 'progressive.jpg', (bytes: Buffer) => bytes],
  ['that does not say where it ends', 'whole.png', without(12)],
  ['that does not say where it ends', 'whole.gif', without(1)],
  ['with other bytes behind it', 'whole.webp', followed],
  ['with other bytes behind it', 'whole.tiff', followed],
] as const)('a picture %s (%s) is whole, and not called damaged', async (_what, of, change) => {
  const name = await damaged(of, change);
  for (const ingest of [byFfmpeg, byItself]) expect(await read(ingest, file(name))).toHaveLength(1);
});

test('of a video whose rate leaves one frame, damage in a frame that nobody sees makes no damaged picture', async () => {
  await media.make('-f lavfi -i testsrc2=s=160x120:r=10:d=1 -c:v mjpeg -q:v 3 ten.avi');
  const bytes = await readFile(media.at('ten.avi'));
  const [SOI, EOI] = [Buffer.from([0xff, 0xd8, 0xff]), Buffer.from([0xff, 0xd9])];
  let at = 0;
  for (let frame = 0; frame < 5; frame++) at = bytes.indexOf(SOI, at + 1);
  const end = bytes.indexOf(EOI, at);
  await writeFile(media.at('ten.avi'), bytes.fill(0xff, (at + end) >> 1, ((at + end) >> 1) + 150));
  for (const [frameRate, frames] of [
    [1, 1],
    [10, 10],
  ] as const)
    expect(await read(byFfmpeg, file('ten.avi'), { frameRate })).toHaveLength(frames);
});
