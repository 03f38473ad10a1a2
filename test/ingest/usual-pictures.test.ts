/** Pictures that are decoded without ffmpeg: within one level of 255 as ffmpeg has them, and left to it where they might differ. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { DETECT_SIZES, type DetectSize } from '../../src/domain/detect-size.ts';
import { PictureDecoder } from '../../src/ingest/pictures/picture-decoder.ts';
import { file, ingestAt, never, open } from './harness.ts';
import { type MediaDir, mediaDir } from './media.ts';

let media: MediaDir;
let byFfmpeg: ReturnType<typeof ingestAt>;
let byItself: ReturnType<typeof ingestAt>;
/** Has no ffmpeg: what it decodes, it decodes without. */
let alone: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  byFfmpeg = ingestAt(media.path);
  byItself = ingestAt(media.path, { decodePictures: true });
  alone = ingestAt(media.path, { decodePictures: true, ffmpegPath: '/nowhere/ffmpeg' });
  expect(await byItself.pictures()).toMatch(/^sharp [\d.]+, libvips [\d.]+$/);
  const view = '-f lavfi -i mandelbrot=s=1100x730:r=1 -frames:v 1';
  // Saturated, and noisy besides: RGB made of it is cut off.
  const loud = '-f lavfi -i testsrc2=s=900x701:d=1,noise=alls=30:allf=t -frames:v 1';
  await Promise.all(
    [
      `${view} -pix_fmt yuvj420p -q:v 3 view.jpg`,
      `${view} -pix_fmt yuvj444p -q:v 8 full.jpg`,
      `${loud} -pix_fmt yuvj422p -q:v 5 loud.jpg`,
      `${view} -pix_fmt gray -q:v 3 gray.jpg`,
      `${loud} -vf scale=333:257,setsar=1 -pix_fmt yuvj420p small.jpg`,
      `${view} -pix_fmt rgb24 view.png`,
      `${loud} -vf format=rgba,colorchannelmixer=aa=0.3 -pix_fmt rgba alpha.png`,
      `${view} -pix_fmt gray gray.png`,
      `${loud} -pix_fmt pal8 palette.png`,
      `${view} -pix_fmt ya8 gray-alpha.png`,
      `${view} -pix_fmt rgb48be deep.png`,
      `${view} -vf setsar=2 -pix_fmt yuvj420p wide.jpg`,
      `${view} -vf setsar=2 -pix_fmt rgb24 wide.png`,
    ].map((made) => media.make(made)),
  );
  await writeFile(
    media.at('progressive.jpg'),
    await sharp(media.at('view.png')).jpeg({ progressive: true }).toBuffer(),
  );
  await writeFile(
    media.at('print.jpg'),
    await sharp(media.at('view.png')).toColourspace('cmyk').jpeg().toBuffer(),
  );
});
afterAll(async () => {
  await Promise.all([byFfmpeg, byItself, alone].map((ingest) => ingest.close()));
  await media.remove();
});

interface Seen {
  info: unknown;
  /** What is said behind its frames; null: it is whole. */
  damage: string | null;
  frames: { width: number; height: number; mediaTime: number; source: unknown; pixels: Uint8Array }[];
}

async function seen(
  ingest: typeof byFfmpeg,
  name: string,
  detectSize: DetectSize = 'STANDARD',
): Promise<Seen | string> {
  try {
    const { info, frames } = await open(ingest, file(name), { detectSize });
    const all: Seen['frames'] = [];
    const readAll = async () => {
      for await (const { width, height, mediaTime, source, pixels, release } of frames) {
        const of = { width: source?.width, height: source?.height };
        all.push({ width, height, mediaTime, source: of, pixels: Uint8Array.from(pixels) });
        release?.();
      }
      return null;
    };
    const damage = await readAll().catch((error: Error) => error.message);
    return { info, damage, frames: all };
  } catch (error) {
    return (error as Error).message;
  }
}

/** The greatest difference of a pixel; all else is the same. */
function difference(one: Seen, other: Seen): number {
  expect([one.info, one.damage]).toEqual([other.info, other.damage]);
  const without = ({ frames }: Seen) =>
    frames.map(({ pixels, ...frame }) => ({ ...frame, bytes: pixels.length }));
  expect(without(one)).toEqual(without(other));
  return one.frames.reduce((most, { pixels }, at) => {
    const others = other.frames[at]!.pixels;
    return pixels.reduce((max, value, i) => Math.max(max, Math.abs(value - others[i]!)), most);
  }, 0);
}

async function expectSame(name: string, detectSize?: DetectSize): Promise<void> {
  const [itself, expected] = await Promise.all([
    seen(alone, name, detectSize),
    seen(byFfmpeg, name, detectSize),
  ]);
  if (typeof itself === 'string' || typeof expected === 'string') throw new Error(`${itself} ${expected}`);
  expect(expected).toMatchObject({ damage: null, frames: [{}] });
  expect(difference(itself, expected)).toBeLessThanOrEqual(1);
}

const USUAL =
  'view.jpg full.jpg loud.jpg gray.jpg small.jpg progressive.jpg view.png alpha.png gray.png gray-alpha.png';

it.each(USUAL.split(' '))('%s is decoded without ffmpeg, and differs by no more than 1 of 255', (name) =>
  expectSame(name),
);

it.each(DETECT_SIZES)('so it is of pictures that are searched %s', async (size) => {
  await expectSame('view.jpg', size);
  await expectSame('loud.jpg', size);
});

describe('orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('a picture is shown the way up that it says: %i', async (orientation) => {
    const turned = async (name: string, of: Sharp) =>
      writeFile(media.at(name), await of.withMetadata({ orientation }).toBuffer());
    await turned(`turned-${orientation}.jpg`, sharp(media.at('small.jpg')).jpeg());
    await turned(`turned-${orientation}.png`, sharp(media.at('small.jpg')).png());
    await expectSame(`turned-${orientation}.jpg`);
    await expectSame(`turned-${orientation}.png`);
  });
});

/** A JPEG with a comment behind its start. */
const commented = (jpeg: Buffer, text: string) =>
  Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, 2 + text.length]),
    Buffer.from(text),
    jpeg.subarray(2),
  ]);

const UNUSUAL: Record<string, () => Promise<Buffer>> = {
  'with a palette': () => readFile(media.at('palette.png')),
  'of 16 bits': () => readFile(media.at('deep.png')),
  'with pixels that are not square': () => readFile(media.at('wide.jpg')),
  'with pixels that are not square, PNG': () => readFile(media.at('wide.png')),
  'for print': () => readFile(media.at('print.jpg')),
  'of narrow range': async () => commented(await readFile(media.at('view.jpg')), 'CS=ITU601'),
  'with a second picture behind it': async () => {
    const jpeg = await readFile(media.at('small.jpg'));
    return Buffer.concat([jpeg, jpeg]);
  },
  'cut off, JPEG': async () => (await readFile(media.at('view.jpg'))).subarray(0, 20_000),
  'cut off, PNG': async () => (await readFile(media.at('view.png'))).subarray(0, 20_000),
  'of more pixels than are taken': async () => {
    const png = await readFile(media.at('gray.png'));
    png.writeUInt32BE(60_000, 16);
    return png;
  },
  'of noise behind its first bytes': async () => {
    const jpeg = await readFile(media.at('view.jpg'));
    return jpeg.fill(0x5a, 700, 3000);
  },
};

it.each(Object.entries(UNUSUAL))(
  'a picture %s is left to ffmpeg: the same pixels, or the same sentence',
  async (_what, make) => {
    await writeFile(media.at('unusual'), await make());
    const [itself, expected] = await Promise.all([seen(byItself, 'unusual'), seen(byFfmpeg, 'unusual')]);
    if (typeof itself === 'string' || typeof expected === 'string') expect(itself).toBe(expected);
    else expect(difference(itself, expected)).toBe(0);
  },
);

const request = () => ({ path: media.at('view.jpg'), longerSide: 640, maxPixels: 1e8, orientation: 1 });

function decoder(maxSeconds?: number): PictureDecoder {
  const made = new PictureDecoder(async () => [], maxSeconds);
  onTestFinished(() => made.close());
  return made;
}

test('one that takes too long costs its process alone: the next is decoded by another', async () => {
  const made = decoder(0);
  expect(await made.decode(request(), never)).toBeNull();
  const other = decoder();
  expect(await other.decode(request(), never)).toMatchObject({ width: 640, codec: 'mjpeg' });
  expect(await other.decode({ ...request(), path: media.at('missing.jpg') }, never)).toBeNull();
  expect(await other.decode(request(), AbortSignal.abort(new Error('enough'))).catch(String)).toBe(
    'Error: enough',
  );
});

test('a process that dies with pictures in it gives none of them, and the next ones come', async () => {
  const made = decoder();
  await made.version();
  const pid = (await pidsOf()).at(-1)!;
  const lost = [made.decode(request(), never), made.decode(request(), never)];
  process.kill(pid, 'SIGKILL');
  expect(await Promise.all(lost)).toEqual([null, null]);
  expect(await made.decode(request(), never)).toMatchObject({ width: 640 });
});

test('damage anywhere in a picture breaks nothing', async () => {
  const made = decoder();
  const whole = await Promise.all(['small.jpg', 'alpha.png'].map((name) => readFile(media.at(name))));
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let round = 0; round < 150; round++) {
    const bytes = Buffer.from(whole[round % 2]!);
    for (let n = 0; n < 8; n++) bytes[Math.floor(random() ** 2 * bytes.length)] = Math.floor(random() * 256);
    const path = media.at(`damaged-${round % 4}`);
    await writeFile(path, bytes);
    const picture = await made.decode({ ...request(), path }, never);
    if (picture) expect(picture.luma).toHaveLength(picture.width * picture.height);
  }
  expect(await made.decode(request(), never)).toMatchObject({ width: 640 });
});

test('the process that decodes has no network, where the kernel can keep it', async () => {
  await seen(byItself, 'view.jpg');
  const level = await byItself.confinement();
  const filters = await Promise.all((await pidsOf()).map(seccompOf));
  if (level !== 'proxy') expect(filters).toContain('2');
});

/** Of processes that this one started to decode pictures. */
async function pidsOf(): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').catch(
    () => '',
  );
  const found: number[] = [];
  for (const pid of children.trim().split(' ').map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('picture.child')) found.push(pid);
  }
  return found;
}

async function seccompOf(pid: number): Promise<string | undefined> {
  return /^Seccomp:\s+(\d)/m.exec(await readFile(join('/proc', String(pid), 'status'), 'utf8'))?.[1];
}
