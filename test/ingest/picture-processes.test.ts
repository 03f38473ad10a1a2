/** The process that decodes or encodes pictures: one at a time, whoever asks; replaced when it dies, and gone when it is not needed. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { PictureDecoder } from '../../src/ingest/pictures/picture-decoder.ts';
import { PictureEncoder } from '../../src/ingest/pictures/picture-encoder.ts';
import { SupervisedPictureProcess } from '../../src/ingest/pictures/supervised-picture-process.ts';

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let pids: string;
/** What closes what a test has opened. */
let close: () => Promise<void>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-pictures-'));
  await sharp({ create: { width: 8, height: 4, channels: 3, background: 'white' } })
    .png()
    .toFile(join(directory, 'white.png'));
});
beforeEach(async () => {
  pids = join(directory, 'pids');
  await writeFile(pids, '');
});
afterEach(() => close());
afterAll(() => rm(directory, { recursive: true }));

/** Writes down each process that is started. */
const prefix = async () => ['/bin/sh', '-c', `echo $$ >> '${pids}'; exec "$@"`, 'sh'];
const started = async () => (await readFile(pids, 'utf8')).trim().split('\n').filter(Boolean).map(Number);

/** As if libvips had broken over a picture. */
async function crash(): Promise<void> {
  const pid = (await started()).at(-1)!;
  process.kill(pid, 'SIGKILL');
  await gone(pid);
}

/** Resolves when its end was told to this process, which started it: until then it has a number. */
const gone = (pid: number) =>
  vi.waitUntil(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });

const luma = Uint8Array.from({ length: 32 }, (_, at) => (at % 8 < 4 ? 0 : 255));
const picture = { width: 8, height: 4, luma, longerSide: 8 };

test('an encoder makes of luma a JPEG, no longer than was asked for', async () => {
  const encoder = new PictureEncoder(prefix);
  close = () => encoder.close();
  expect(await encoder.ability()).toEqual({ version: expect.stringMatching(/^sharp /), fault: null });
  const { data, info } = await sharp((await encoder.encode(picture))!)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([8, 4]);
  expect(data[0]).toBeLessThan(40);
  expect(data[7 * info.channels]).toBeGreaterThan(215);
  const small = await sharp((await encoder.encode({ ...picture, longerSide: 4 }))!).metadata();
  expect([small.width, small.height]).toEqual([4, 2]);
  expect(await encoder.encode({ ...picture, luma: luma.subarray(1) })).toBeNull();
});

test.each([
  ['as large as it is', 1000, [5, 3]],
  ['made smaller', 3, [3, 2]],
])('an encoder makes of luma and chroma a JPEG in colour, %s', async (_, longerSide, size) => {
  const encoder = new PictureEncoder(prefix);
  close = () => encoder.close();
  // 220, 30 and 30 by BT.709; of an odd size.
  const luma = new Uint8Array(15).fill(70);
  const chroma = Uint8Array.from({ length: 12 }, (_value, at) => (at < 6 ? 106 : 223));
  const picture = { width: 5, height: 3, luma, colour: { chroma, matrix: 'bt709' } as const, longerSide };
  const { data, info } = await sharp((await encoder.encode(picture))!)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([...size, 3]);
  for (const [at, value] of data.entries())
    expect(Math.abs(value - [220, 30, 30][at % 3]!), `${[...data]}`).toBeLessThan(6);
});

test('an encoder that dies loses its picture, and is replaced once for all who come next', async () => {
  const encoder = new PictureEncoder(prefix);
  close = () => encoder.close();
  await encoder.encode(picture);
  await crash();
  const pictures = await Promise.all([1, 2, 3].map(() => encoder.encode(picture)));
  expect(pictures.map((jpeg) => jpeg?.[0])).toEqual([255, 255, 255]);
  expect(await started()).toHaveLength(2);
  await encoder.close();
  await Promise.all((await started()).map(gone));
  expect([await encoder.encode(picture), await encoder.ability()]).toEqual([
    null,
    { version: null, fault: 'it is closed' },
  ]);
  expect(await started()).toHaveLength(2);
});

test('a decoder that dies is replaced once for all who come next', async () => {
  const decoder = new PictureDecoder(prefix);
  close = () => decoder.close();
  const decode = () =>
    decoder.decode(
      { path: join(directory, 'white.png'), longerSide: null, maxPixels: 1e6, orientation: 1 },
      new AbortController().signal,
    );
  expect(await decode()).toMatchObject({ width: 8, height: 4 });
  await crash();
  expect(await Promise.all([decode(), decode(), decoder.version()])).toEqual([
    expect.objectContaining({ width: 8 }),
    expect.objectContaining({ width: 8 }),
    expect.stringMatching(/^sharp /),
  ]);
  expect(await started()).toHaveLength(2);
});

test('an encoder that nobody needs for a while ends, and the next picture starts another', async () => {
  const encoder = new PictureEncoder(prefix, 1);
  close = () => encoder.close();
  await encoder.encode(picture);
  const [first] = await started();
  await gone(first!);
  expect(await encoder.encode(picture)).not.toBeNull();
  expect(await started()).toHaveLength(2);
});

test('one that does not come up says why, is not tried with each picture, and is tried again later', async () => {
  let tries = 0;
  const broken = async () => {
    tries += 1;
    return tries < 3 ? ['/bin/sh', '-c', 'exit 7'] : [];
  };
  const kept = new SupervisedPictureProcess(broken);
  for (let call = 0; call < 3; call++)
    expect(await kept.get()).toMatchObject({ version: null, isGone: true, fault: 'it ended with 7' });
  expect(tries).toBe(1);
  await kept.close();
  const impatient = new SupervisedPictureProcess(broken, 0);
  close = () => impatient.close();
  // The second try fails as the first did; it is time for the third at once.
  expect(await impatient.get()).toMatchObject({ version: expect.stringMatching(/^sharp /), fault: null });
  expect(tries).toBe(3);
});

test('one that is still starting is not waited for', async () => {
  let isAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const kept = new SupervisedPictureProcess(async () => {
    isAsked();
    return ['/bin/sh', '-c', 'exec sleep 600'];
  });
  const found = kept.get();
  await asked;
  await kept.close();
  expect(await found).toMatchObject({ isGone: true, fault: 'it ended with SIGKILL' });
});

test('what cannot even be started is told to who asks, and tried again by the next', async () => {
  let tries = 0;
  const encoder = new PictureEncoder(async () => {
    tries += 1;
    if (tries === 1) throw new Error('no more processes');
    return [];
  });
  close = () => encoder.close();
  await expect(encoder.encode(picture)).rejects.toThrow('no more processes');
  expect(await encoder.encode(picture)).not.toBeNull();
});
