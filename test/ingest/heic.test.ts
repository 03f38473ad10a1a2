/** HEIC pictures: as every phone makes them, and as nobody should. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { HeicDecoder } from '../../src/ingest/source/heic-decoder.ts';
import { file, ingestAt, never, read, refusal, url } from './harness.ts';
import { hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { files, serve } from './servers.ts';

const FACE = fileURLToPath(new URL('../fixtures/face.heic', import.meta.url));
const DEMO = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const MAX_PIXELS = 8192 * 8192;

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
let heic: Buffer;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  heic = await readFile(FACE);
  await copyFile(FACE, media.at('face.heic'));
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

async function onlyFrame(frames: Promise<Frame[]>): Promise<Frame> {
  const [frame, ...more] = await frames;
  expect(more).toEqual([]);
  return frame!;
}

/** In steps of 255, on the average. */
function difference(one: Frame, other: Frame): number {
  expect([one.width, one.height]).toEqual([other.width, other.height]);
  return (
    one.pixels.reduce((sum, value, i) => sum + Math.abs(value - other.pixels[i]!), 0) / one.pixels.length
  );
}

test('a HEIC picture is the same as the JPEG that was made of the same frame', async () => {
  await media.make(`-ss 1 -i ${DEMO} -frames:v 1 -pix_fmt yuvj420p -q:v 2 -f image2 face.jpg`);
  const shown = await onlyFrame(read(ingest, file('face.heic')));
  const same = await onlyFrame(read(ingest, file('face.jpg')));
  expect(difference(shown, same)).toBeLessThan(2.5);
  expect(await ingest.probe(file('face.heic'), never)).toMatchObject({
    ...{ kind: 'file', live: false, width: 640, height: 360, duration: null, codec: 'hevc' },
  });
});

test('a HEIC picture that was uploaded is the same as in a file, whatever it is called', async () => {
  await copyFile(FACE, media.at('token'));
  const uploaded = await onlyFrame(read(ingest, { type: 'upload', token: 'token' }));
  expect(difference(uploaded, await onlyFrame(read(ingest, file('face.heic'))))).toBe(0);
});

test.skipIf(!hasNetworkFfmpeg)(
  'a HEIC picture that comes by HTTP is the same as in a file, with a length and without',
  async () => {
    const web = ingestAt(media.path, { allowPrivateSources: true });
    const whole = await serve(files(media.path));
    const inChunks = await serve((_, response) => {
      for (let at = 0; at < heic.length; at += 1000) response.write(heic.subarray(at, at + 1000));
      response.end();
    });
    const local = await onlyFrame(read(ingest, file('face.heic')));
    for (const { port } of [whole, inChunks]) {
      const address = url(`http://127.0.0.1:${port}/face.heic`);
      expect(difference(await onlyFrame(read(web, address)), local)).toBe(0);
      expect(await web.probe(address, never)).toMatchObject({ kind: 'http', live: false, codec: 'hevc' });
    }
    await Promise.all([whole.close(), inChunks.close(), web.close()]);
  },
);

test.skipIf(!hasNetworkFfmpeg)(
  'a damaged HEIC picture that comes by HTTP is called by its address',
  async () => {
    const web = ingestAt(media.path, { allowPrivateSources: true });
    const server = await serve((_, response) => response.end('\0\0\0\x18ftypheic\0\0\0\0mif1heic'));
    const address = `http://127.0.0.1:${server.port}/phone`;
    expect(await refusal(read(web, url(address)))).toEqual(damaged(address));
    await Promise.all([server.close(), web.close()]);
  },
);

const damaged = (name: string) => ({
  code: 'SOURCE_NOT_VIDEO',
  message: `${name} is a HEIC picture that is cut off or damaged; copy it again, or save it as JPEG or PNG.`,
});

async function expectGood(): Promise<void> {
  expect((await onlyFrame(read(ingest, file('face.heic')))).width).toBe(640);
}

test('a HEIC picture that is cut off is told by a sentence wherever it ends, and the next is read', async () => {
  for (const length of [24, 100, 300, 500, heic.indexOf('mdat') + 4, heic.length - 1]) {
    await writeFile(media.at('cut.heic'), heic.subarray(0, length));
    expect([length, await refusal(read(ingest, file('cut.heic')))]).toEqual([length, damaged('"cut.heic"')]);
  }
  await expectGood();
});

test('a HEIC picture with any byte of its head changed is read or told by a sentence, and the next is read', async () => {
  const heads = Array.from({ length: 12 }, (_, i) => 40 + i * 31);
  for (const at of heads) {
    const changed = Buffer.from(heic);
    changed[at]! ^= 0xff;
    await writeFile(media.at('changed.heic'), changed);
    const outcome = await read(ingest, file('changed.heic')).then(
      (frames) => frames.length,
      (error: unknown) => refusal(Promise.reject(error)),
    );
    if (outcome !== 1) expect(outcome).toMatchObject({ code: expect.stringMatching(/^SOURCE_/) });
  }
  await expectGood();
});

/** Says that it is so large, of both sides. */
function claiming(pixels: number): Buffer {
  const bytes = Buffer.from(heic);
  const ispe = bytes.indexOf('ispe') + 8;
  bytes.writeUInt32BE(pixels, ispe);
  bytes.writeUInt32BE(pixels, ispe + 4);
  return bytes;
}

test.each([60_000, 9_000])(
  'a HEIC picture that says it is %i pixels wide and high is refused before it is decoded',
  async (pixels) => {
    await writeFile(media.at('huge.heic'), claiming(pixels));
    expect(await refusal(read(ingest, file('huge.heic')))).toEqual({
      code: 'SOURCE_REFUSED',
      message: `"huge.heic" has more than ${MAX_PIXELS} pixels a picture, which is the limit; scale it down.`,
    });
    await expectGood();
  },
);

test('a HEIC picture of 64 MB is refused before it is decoded', async () => {
  await writeFile(media.at('heavy.heic'), Buffer.concat([heic, Buffer.alloc(64 * 2 ** 20)]));
  expect(await refusal(read(ingest, file('heavy.heic')))).toEqual({
    code: 'SOURCE_REFUSED',
    message: '"heavy.heic" is a HEIC picture of 64 MB or more, which is the limit; save it as JPEG or PNG.',
  });
});

test('a HEIC picture that takes longer than the limit is given up, and the next is decoded', async () => {
  const decoder = new HeicDecoder(0);
  const request = () => ({ bytes: new Uint8Array(heic), maxPixels: MAX_PIXELS });
  expect(await decoder.decode(request(), never)).toMatchObject({ failure: 'too slow' });
  expect(await new HeicDecoder().decode(request(), never)).toMatchObject({
    picture: { width: 640, height: 360 },
  });
});

test('whoever gives a HEIC picture up waits neither for it nor for those before it', async () => {
  const decoder = new HeicDecoder();
  const request = () => ({ bytes: new Uint8Array(heic), maxPixels: MAX_PIXELS });
  const first = decoder.decode(request(), never);
  const giveUp = new AbortController();
  const second = decoder.decode(request(), giveUp.signal);
  giveUp.abort(new Error('given up'));
  await expect(second).rejects.toThrow('given up');
  expect(await first).toMatchObject({ picture: { width: 640 } });
});
