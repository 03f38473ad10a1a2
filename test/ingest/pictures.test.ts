/** Pictures: which way up they are, those that move, and those that no ffmpeg here reads. More of HEIC is in heic.test.ts. */
import { readFile, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, SourceInput } from '../../src/domain/frame.ts';
import { file, ingestAt, never, read, refusal, times, url } from './harness.ts';
import { counting, frameNumber, hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { files, serve } from './servers.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

/** Made by libaom: black, but white in the upper left quarter; with properties that turn and mirror it. */
const AVIF = Buffer.from(
  `
  AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAENbWV0YQAAAAAAAAAvaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAA
  AFBpY3R1cmVIYW5kbGVyAAAAAA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAATUAAAApAAAAKGlpbmYAAAAAAAEA
  AAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAAH5pcHJwAAAAXWlwY28AAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMI
  CAgAAAAMYXYxQ4EADAAAAAATY29scm5jbHgAAgACAAIAAAAACWlyb3QAAAAACWltaXIAAAAAGWlwbWEAAAAAAAAAAQABBgECgwSF
  hgAAADFtZGF0CgYYGW/+0AQyHxQAAAAoAAi0gap9A38bw879cjkGjz8kCL+wAqnlrIA=
  `,
  'base64',
);

/** Made by x265 (libheif's heif-enc), as the one above; its Exif says 5 whatever its properties say. */
const HEIC = Buffer.from(
  `
  AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAZRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRt
  AAAAAAABAAAANGlsb2MAAAAAREAAAgABAAAAAAG4AAEAAAAAAAAAWAACAAAAAAIQAAEAAAAAAAAAHgAAADhpaW5mAAAAAAACAAAAFWluZmUC
  AAAAAAEAAGh2YzEAAAAAFWluZmUCAAABAAIAAEV4aWYAAAAA02lwcnAAAACzaXBjbwAAAHVodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMg
  AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQAoQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubAgAAAMACAAAAwAIQCIAAQAHRAHB
  crAiQAAAABRpc3BlAAAAAAAAAGAAAABAAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AQAAAAlpbWlyAAAAABhpcG1hAAAAAAAAAAEAAQWBAoOE
  hQAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAfm1kYXQAAABUKAGvE4B5JSixwe//zRWkqSdf/6QF0nlxfQQbKjMVdnZliXQH4tU9G6MX
  r9o66UtTNDsXW5vt2npki2VaBRaLmkvHtqBTk3wv//XZyW2//mr6m1VQAAAAAE1NACoAAAAIAAEBEgADAAAAAQAFAAAAAAAA
  `,
  'base64',
);

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  const corner = '-f lavfi -i color=black:s=96x64:d=1,drawbox=w=48:h=32:t=fill:color=white -frames:v 1';
  await media.make(`${corner} -c:v mjpeg -q:v 2 -pix_fmt yuvj420p -f image2 p.jpg`);
  await media.make(`${corner} -c:v png -f image2 p.png`);
  await media.make(`${corner} -c:v libwebp -lossless 1 -f image2 p.webp`);
  await media.make(`${corner} -c:v tiff -f image2 p.tif`);
  await writeFile(media.at('p.avif'), AVIF);
  await writeFile(media.at('p.heic'), HEIC);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** TIFF's structure with one entry: the orientation. */
function exif(orientation: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(26);
  const put16 = (value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  bytes.write(little ? 'II*\0' : 'MM\0*', 'latin1');
  if (little) bytes.writeUInt32LE(8, 4);
  else bytes.writeUInt32BE(8, 4);
  for (const [value, at] of [
    [1, 8],
    [0x0112, 10],
    [3, 12],
    [orientation, 18],
  ] as const)
    put16(value, at);
  if (little) bytes.writeUInt32LE(1, 14);
  else bytes.writeUInt32BE(1, 14);
  return bytes;
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function webpChunk(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([Buffer.from(type), length, content, Buffer.alloc(content.length % 2)]);
}

const webp = (...chunks: Buffer[]) => webpChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]));

const TURNED: Record<string, (bytes: Buffer, orientation: number) => Buffer> = {
  jpg(bytes, orientation) {
    const segment = Buffer.concat([
      Buffer.from('\xff\xe1\0\x22Exif\0\0', 'latin1'),
      exif(orientation, false),
    ]);
    return Buffer.concat([bytes.subarray(0, 2), segment, bytes.subarray(2)]);
  },
  png: (bytes, orientation) =>
    Buffer.concat([bytes.subarray(0, 33), pngChunk('eXIf', exif(orientation, false)), bytes.subarray(33)]),
  webp(bytes, orientation) {
    const extended = Buffer.from([8, 0, 0, 0, 95, 0, 0, 63, 0, 0]);
    // Some programs write the mark of JPEG before it.
    const mark = Buffer.from(orientation % 2 ? 'Exif\0\0' : '');
    return webp(
      webpChunk('VP8X', extended),
      bytes.subarray(12),
      webpChunk('EXIF', Buffer.concat([mark, exif(orientation, true)])),
    );
  },
  tif(bytes, orientation) {
    const start = bytes.readUInt32LE(4) + 2;
    const end = start + 12 * bytes.readUInt16LE(start - 2);
    const entries = [exif(orientation, true).subarray(10, 22)];
    for (let at = start; at < end; at += 12) entries.push(bytes.subarray(at, at + 12));
    // In place of the program's name; in order of the tags, as ffmpeg wants them.
    const kept = entries.filter((entry) => entry.readUInt16LE() !== 305);
    kept.sort((one, other) => one.readUInt16LE() - other.readUInt16LE());
    return Buffer.concat([bytes.subarray(0, start), ...kept, bytes.subarray(end)]);
  },
  avif: turnHeif,
  heic: turnHeif,
};

function turnHeif(bytes: Buffer, orientation: number): Buffer {
  const quarters = [0, 0, 2, 0, 1, 3, 1, 1][orientation - 1]!;
  const axis = [undefined, 1, undefined, 0, 0, undefined, 1, undefined][orientation - 1];
  bytes[bytes.indexOf('irot') + 4] = quarters;
  bytes[bytes.indexOf('imir') + 4] = axis ?? 0;
  // The last property of the picture, in place of the mirror: its first once more.
  const count = bytes.indexOf('ipma') + 14;
  if (axis === undefined) bytes[count + bytes[count]!] = 1;
  return bytes;
}

/** The corner that is white. */
function whiteCorner({ pixels, width, height }: Frame): string {
  const isWhite = (x: number, y: number) => pixels[y * width + x]! > 200;
  const [right, bottom] = [width - 4, height - 4];
  const corners = {
    'upper left': [3, 3],
    'upper right': [right, 3],
    'lower left': [3, bottom],
    'lower right': [right, bottom],
  };
  return Object.entries(corners)
    .filter(([, [x, y]]) => isWhite(x!, y!))
    .map(([name]) => name)
    .join();
}

/** Size and white corner by orientation, from 1. */
const UPRIGHT = [
  '96x64, upper left',
  '96x64, upper right',
  '96x64, lower right',
  '96x64, lower left',
  '64x96, upper left',
  '64x96, upper right',
  '64x96, lower right',
  '64x96, lower left',
];

const readsAvif = () =>
  media.make('-i p.avif -f null -').then(
    () => true,
    () => false,
  );

test.each(['jpg', 'png', 'webp', 'tif', 'avif', 'heic'])(
  'a %s picture is shown the way up that it says',
  async (type) => {
    const original = await readFile(media.at(`p.${type}`));
    if (type === 'avif' && !(await readsAvif())) return expectRefusal('p.avif', 'an AVIF picture');
    const shown = [1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => {
      const name = `${orientation}.${type}`;
      await writeFile(media.at(name), TURNED[type]!(Buffer.from(original), orientation));
      const [frame] = await read(ingest, file(name));
      return `${frame!.width}x${frame!.height}, ${whiteCorner(frame!)}`;
    });
    expect(await Promise.all(shown)).toEqual(UPRIGHT);
    expect(await ingest.probe(file(`6.${type}`), never)).toMatchObject({ width: 64, height: 96 });
  },
);

test.skipIf(!hasNetworkFfmpeg).each(['jpg', 'png', 'webp', 'tif'])(
  'a %s picture that comes by HTTP is the same as in a file and in an upload',
  async (type) => {
    const original = await readFile(media.at(`p.${type}`));
    const web = ingestAt(media.path, { allowPrivateSources: true });
    const whole = await serve(files(media.path));
    // Without a length, and in parts of a few bytes.
    const inChunks = await serve(async (request, response) => {
      const bytes = await readFile(media.at(request.url!.slice(1)));
      for (let at = 0; at < bytes.length; at += 100) response.write(bytes.subarray(at, at + 100));
      response.end();
    });
    const shown = [1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => {
      const name = `web-${orientation}.${type}`;
      await writeFile(media.at(name), TURNED[type]!(Buffer.from(original), orientation));
      const sources: SourceInput[] = [
        { type: 'file', path: name },
        { type: 'upload', token: name },
        // Of a TIFF ffmpeg has to know the length.
        ...[whole, type === 'tif' ? whole : inChunks].map(({ port }) =>
          url(`http://127.0.0.1:${port}/${name}`),
        ),
      ];
      const frames = (await Promise.all(sources.map((source) => read(web, source)))).map(([frame]) => frame!);
      for (const { pixels } of frames) expect(Buffer.compare(pixels, frames[0]!.pixels)).toBe(0);
      return frames.map((frame) => `${frame.width}x${frame.height}, ${whiteCorner(frame)}`);
    });
    expect(await Promise.all(shown)).toEqual(UPRIGHT.map((one) => Array(4).fill(one)));
    await Promise.all([whole.close(), inChunks.close(), web.close()]);
  },
);

test('an animated PNG is a video, turned as it says', async () => {
  await media.make(
    `${counting({ rate: 5, seconds: 2, size: '96x64' })} -c:v apng -plays 1 -f apng moving.png`,
  );
  const frames = await read(ingest, file('moving.png'), { frameRate: 5 });
  expect(times(frames)).toEqual(Array.from({ length: 10 }, (_, i) => i * 200));
  expect(frames.map(({ pixels }) => Math.round(frameNumber(pixels)))).toEqual(
    Array.from({ length: 10 }, (_, i) => i),
  );
  await writeFile(media.at('turned.png'), TURNED.png!(await readFile(media.at('moving.png')), 6));
  const turned = await read(ingest, file('turned.png'), { frameRate: 5 });
  expect(turned.map(({ width, height }) => [width, height])).toEqual(turned.map(() => [64, 96]));
  expect(turned).toHaveLength(10);
});

async function expectRefusal(name: string, kind: string, saveAs = 'JPEG or PNG'): Promise<void> {
  expect(await refusal(read(ingest, file(name)))).toEqual({
    code: 'SOURCE_NOT_VIDEO',
    message: `"${name}" is ${kind}, which mien cannot read here; save it as ${saveAs}.`,
  });
}

test('an AVIF picture made of tiles is called so, because ffmpeg would give one tile', async () => {
  const tiled = Buffer.from(AVIF);
  tiled.write('grid', tiled.indexOf('infe') + 12);
  await writeFile(media.at('tiled.avif'), tiled);
  await expectRefusal('tiled.avif', 'an AVIF picture made of tiles');
});

test('a damaged AVIF picture is refused, wherever it is cut off', async () => {
  for (let length = 4; length < AVIF.length; length += 90) {
    await writeFile(media.at('cut.avif'), AVIF.subarray(0, length));
    expect((await refusal(read(ingest, file('cut.avif')))).code).toBe('SOURCE_NOT_VIDEO');
  }
});

test('an animated WebP is a video, or is called by its name where this ffmpeg cannot read it', async () => {
  const still = (await readFile(media.at('p.webp'))).subarray(12);
  // At 0, 0, of 96 x 64, shown for 100 ms.
  const place = Buffer.from([0, 0, 0, 0, 0, 0, 95, 0, 0, 63, 0, 0, 100, 0, 0, 0]);
  const frame = webpChunk('ANMF', Buffer.concat([place, still]));
  const extended = webpChunk('VP8X', Buffer.from([2, 0, 0, 0, 95, 0, 0, 63, 0, 0]));
  await writeFile(media.at('a.webp'), webp(extended, webpChunk('ANIM', Buffer.alloc(6)), frame, frame));
  const reads = await media.make('-i a.webp -f null -').then(
    () => true,
    () => false,
  );
  if (reads) expect(times(await read(ingest, file('a.webp')))).toEqual([0, 100]);
  else await expectRefusal('a.webp', 'an animated WebP', 'an animated PNG or an MP4');
});

test('the orientation of a PNG is found behind its picture and many other parts', async () => {
  const png = await readFile(media.at('p.png'));
  const many = Array.from({ length: 5000 }, () => pngChunk('teXt', Buffer.from('a\0b')));
  const [parts, end] = [png.subarray(0, -12), png.subarray(-12)];
  const turn = pngChunk('eXIf', exif(6, false));
  await writeFile(media.at('many.png'), Buffer.concat([parts, ...many, turn, end]));
  const [frame] = await read(ingest, file('many.png'));
  expect([frame!.width, frame!.height]).toEqual([64, 96]);
});

test('a PNG that is cut off within its head is refused', async () => {
  const png = TURNED.png!(await readFile(media.at('p.png')), 6);
  for (const cut of [9, 40, 60]) {
    await writeFile(media.at('cut.png'), png.subarray(0, cut));
    expect((await refusal(read(ingest, file('cut.png')))).code).toBe('SOURCE_NOT_VIDEO');
  }
});
