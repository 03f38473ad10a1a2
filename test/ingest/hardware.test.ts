/** Decoding on a graphics card that this machine does not have: each way to it fails, is told, and video is decoded in software. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import installer from '@ffmpeg-installer/ffmpeg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame, SourceInput } from '../../src/domain/frame.ts';
import { OWN_CLOCK } from '../../src/domain/record-clock.ts';
import { limitsOf } from '../../src/ingest/config.ts';
import { DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { findConfinement } from '../../src/ingest/ffmpeg/confinement.ts';
import { createFfmpegLauncher } from '../../src/ingest/ffmpeg/ffmpeg-launcher.ts';
import { type FfmpegProgram, findFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-path.ts';
import { HardwareDecoding } from '../../src/ingest/hardware-decoding.ts';
import type { IngestDeps } from '../../src/ingest/ingest-deps.ts';
import { createSafeConnector } from '../../src/ingest/network/safe-connect.ts';
import { openSource } from '../../src/ingest/open-source.ts';
import { Inlets } from '../../src/ingest/push/inlets.ts';
import { HeicDecoder } from '../../src/ingest/source/heic-decoder.ts';
import { file, ingestAt, never, read, times, url } from './harness.ts';
import { counting, ffmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, type Served, serve } from './servers.ts';

/** A way that no machine of this platform has. */
const ABSENT = platform() === 'darwin' ? 'vaapi' : 'videotoolbox';

const OPTIONS = {
  frameRate: 10,
  realtime: false,
  loop: false,
  detectSize: 'STANDARD',
  signal: never,
} as const;

let media: MediaDir;
let web: Served;
beforeAll(async () => {
  media = await mediaDir();
  await media.make(`${counting({ seconds: 1 })} ${MPEG4} clip.mp4`);
  web = await serve(files(media.path));
});
afterAll(async () => {
  await web.close();
  await media.remove();
});

const bundled = await findFfmpeg(installer.path);

describe.each([
  ['the ffmpeg of this machine', ffmpeg],
  ['the bundled ffmpeg of 2018', bundled],
])('with %s', (_, program) => {
  test('what is not there is told in one sentence at the first try, and video is decoded in software', async () => {
    const cautions: string[] = [];
    const onCaution = (sentence: string) => void cautions.push(sentence);
    const [asked, plain] = [{ hardware: ABSENT, onCaution } as const, {}].map((config) =>
      ingestAt(media.path, { ffmpegPath: program.path, ...config }),
    );
    await asked!.ffmpeg();
    const { by, caution } = asked!.decoding();
    expect([by, cautions]).toEqual(['software', [caution]]);
    expect(caution).toMatch(
      new RegExp(
        `^Video is decoded in software: MIEN_HWACCEL=${ABSENT} does not work here, because ffmpeg says of ${ABSENT}: \\S.*unset MIEN_HWACCEL\\.$`,
      ),
    );
    const frames = await read(asked!, file('clip.mp4'));
    expect(frames.map(({ pixels }) => hash(pixels))).toEqual(
      (await read(plain!, file('clip.mp4'))).map(({ pixels }) => hash(pixels)),
    );
    expect(frames).toHaveLength(10);
    expect(cautions).toHaveLength(1);
    await Promise.all([asked!.close(), plain!.close()]);
  });

  test('when it is gone by the time that a file is opened, that is decoded in software, and it is told once', () =>
    expectInSoftware(program, file('clip.mp4')));
});

test.skipIf(ffmpeg.bundled)('so it is with an address, which is looked at before it is decoded', () =>
  expectInSoftware(ffmpeg, url(`http://127.0.0.1:${web.port}/clip.mp4`)),
);

test('by default nothing is tried', async () => {
  const ingest = ingestAt(media.path);
  await ingest.ffmpeg();
  expect(ingest.decoding()).toEqual({ by: 'software', caution: null });
  await ingest.close();
});

test('auto uses what works, or tells what each that it tried said', async () => {
  const ingest = ingestAt(media.path, { hardware: 'auto' });
  await ingest.ffmpeg();
  const { by, caution } = ingest.decoding();
  const others: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ['videotoolbox'], win32: ['cuda'] };
  const tried = others[platform()] ?? ['cuda', 'vaapi'];
  if (by === 'software') for (const hardware of tried) expect(caution).toContain(`of ${hardware}: `);
  else expect([caution, tried]).toEqual([null, expect.arrayContaining([by])]);
  expect(await read(ingest, file('clip.mp4'))).toHaveLength(10);
  await ingest.close();
});

test('a file that is no video is not blamed on the card', async () => {
  await writeFile(join(media.path, 'text.mp4'), 'no video');
  const { deps, cautions, close } = await withLost(ffmpeg);
  await expect(openSource(file('text.mp4'), OPTIONS, deps)).rejects.toMatchObject({
    code: 'SOURCE_NOT_VIDEO',
  });
  expect(cautions).toEqual([]);
  await close();
});

async function expectInSoftware(program: FfmpegProgram, source: SourceInput): Promise<void> {
  const { deps, cautions, close } = await withLost(program);
  const { frames } = await openSource(source, OPTIONS, deps);
  const taken: Frame[] = [];
  for await (const frame of frames) taken.push(frame);
  expect(times(taken)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  await close();
  expect(cautions).toHaveLength(1);
  expect(cautions[0]).toMatch(
    new RegExp(`^Video is decoded in software from now on: ${ABSENT} failed .*: \\S.*\\.$`),
  );
}

const hash = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex');

/** What ingest has where the card was there when it was tried, and is not any more. */
async function withLost(program: FfmpegProgram) {
  const cautions: string[] = [];
  const runs = { launcher: createFfmpegLauncher(), activeRuns: new Set<Promise<unknown>>() };
  const hardware = new HardwareDecoding(ABSENT, runs, (sentence) => void cautions.push(sentence));
  const ready = { ...program, confinement: await findConfinement(true), hardware: ABSENT } as const;
  const connector = createSafeConnector({ allowPrivate: true, connectSeconds: 10, lookup: undefined });
  const limits = limitsOf({ mediaDir: '', uploadsDir: '', allowPrivateSources: true });
  const heic = { heic: new HeicDecoder(), maxPixels: limits.maxPixels };
  const deps: IngestDeps = {
    ...runs,
    clock: OWN_CLOCK,
    access: {
      mediaDir: media.path,
      uploadsDir: media.path,
      bucket: null,
      deviceHost: '',
      connector,
      ...heic,
    },
    limits,
    ffmpeg: async () => ready,
    hardware,
    onLog: undefined,
    pictures: null,
    inlets: new Inlets(),
    remaining: new Map(),
    turns: new DecodingTurns(),
  };
  const close = async () => {
    await Promise.all(runs.activeRuns);
    await runs.launcher.close();
  };
  return { deps, cautions, close };
}
