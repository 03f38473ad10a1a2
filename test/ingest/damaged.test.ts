/** Recordings of which the rest cannot be read, in containers that tell of it in words of their own. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, read, refusal } from './harness.ts';
import { counting, ffmpeg, type MediaDir, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

test.each([
  ['avi', 0xff, '-c:v mjpeg', '00dc'],
  ['flv', 0xff, '-c:v flv -g 10', '\x09\0'],
  ['asf', 0xff, '-c:v wmv2 -g 10', ''],
  [
    'webm',
    0xff,
    '-c:v libvpx -deadline realtime -cpu-used 8 -g 10 -cluster_time_limit 1000',
    '\x1f\x43\xb6\x75',
  ],
  ['mkv', 0x77, '-c:v mpeg4 -g 10 -cluster_time_limit 1000', '\x1f\x43\xb6\x75'],
  ['mov', 0x77, '-c:v mpeg4 -g 10 -movflags faststart', ''],
] as const)(
  'a file (%s) of which the last part was written over is told to be read to there',
  async (type, byte, codec, beginning) => {
    // The ffmpeg of 2018 says nothing of these, and they may end with a frame that is shown for long.
    if (!ffmpeg.hasNoAutoscale && (type === 'webm' || type === 'mkv')) return;
    const painted = counting({ rate: 10, seconds: 10, size: '96x64' });
    await media.make(`${painted} ${codec} whole.${type}`);
    const bytes = await readFile(media.at(`whole.${type}`));
    expect(await read(ingest, file(`whole.${type}`))).toHaveLength(100);
    // From where something begins: a frame that is broken off would be missed.
    bytes.fill(byte, bytes.indexOf(Buffer.from(beginning, 'latin1'), Math.round(bytes.length * 0.6)));
    const name = `half.${type}`;
    await writeFile(media.at(name), bytes);
    const frames: Frame[] = [];
    const reading = async () => {
      for await (const frame of decode(ingest, file(name))) frames.push(frame);
    };
    const { code, message } = await refusal(reading());
    const last = frames.at(-1)!.mediaTime.toFixed(1);
    expect(message).toBe(`"${name}" is damaged: it could be read to ${last} s of 10.0 s.`);
    expect(code).toBe('SOURCE_FAILED');
    expect(frames.length).toBeGreaterThan(30);
  },
);

test.each([
  ['asf', 'msmpeg4'],
  ['avi', 'mpeg4'],
  ['flv', 'flv'],
  ['mkv', 'mpeg4'],
  ['mp4', 'mpeg4'],
])('a whole file (%s) whose frames begin at ten seconds is not called damaged', async (type, codec) => {
  const painted = counting({ rate: 10, seconds: 3, size: '96x64' });
  await media.make(`${painted} -c:v ${codec} -output_ts_offset 10 late.${type}`);
  expect((await read(ingest, file(`late.${type}`))).length).toBeGreaterThanOrEqual(30);
});

test.each(['avi', 'flv', 'mkv'])(
  'a whole file (%s) whose sound goes on behind its pictures is not damaged, whatever it is called',
  async (type) => {
    const painted = counting({ rate: 10, seconds: 2, size: '96x64' });
    await media.make(
      `${painted} -f lavfi -i sine=d=6 -c:v ${type === 'flv' ? 'flv' : 'mpeg4'} -ar 44100 -metadata title=truncated damaged.${type}`,
    );
    expect(await read(ingest, file(`damaged.${type}`))).toHaveLength(20);
  },
);

const garble = {
  ones: (bytes: Buffer, from: number) =>
    Buffer.concat([bytes.subarray(0, from), Buffer.alloc(bytes.length - from, 0xff)]),
  zeros: (bytes: Buffer, from: number) =>
    Buffer.concat([bytes.subarray(0, from), Buffer.alloc(bytes.length - from)]),
  end: (bytes: Buffer, from: number) => bytes.subarray(0, from),
};

describe.each([
  ['gif', ''],
  ['png', '-c:v apng -plays 1 -f apng'],
  ['ts', '-c:v mpeg2video -g 10'],
  ['m2ts', '-c:v mpeg2video -g 10 -f mpegts -mpegts_m2ts_mode 1'],
] as const)('of a %s of which nobody can know how long it was', (type, codec) => {
  const make = () =>
    media.make(`${counting({ rate: 10, seconds: 10, size: '96x64' })} ${codec} long.${type}`);

  test('the whole is read, and not called damaged', async () => {
    await make();
    expect(await read(ingest, file(`long.${type}`))).toHaveLength(100);
  });

  test.each(Object.keys(garble) as (keyof typeof garble)[])(
    'it is told after what time it is damaged, where there are %s',
    async (how) => {
      // A transport stream may end behind any packet, and within one lacks no more than that.
      if (how === 'end' && type.endsWith('ts')) return;
      await make();
      const bytes = await readFile(media.at(`long.${type}`));
      const name = `${how}.${type}`;
      await writeFile(media.at(name), garble[how](bytes, Math.round(bytes.length * 0.6)));
      const frames: Frame[] = [];
      const reading = async () => {
        for await (const frame of decode(ingest, file(name))) frames.push(frame);
      };
      const { code, message } = await refusal(reading());
      expect(message).toBe(`"${name}" is damaged after ${frames.at(-1)!.mediaTime.toFixed(1)} s.`);
      expect(code).toBe('SOURCE_FAILED');
      // How many bytes a frame has differs.
      expect(Math.abs(frames.length - 60)).toBeLessThan(10);
    },
  );
});

test('a damaged recording that is looped goes on, with passes as long as could be read', async () => {
  await media.make(`${counting({ rate: 10, seconds: 10, size: '96x64' })} -f gif whole.gif`);
  const bytes = await readFile(media.at('whole.gif'));
  await writeFile(media.at('short.gif'), garble.ones(bytes, Math.round(bytes.length * 0.6)));
  const frames = await read(ingest, file('short.gif'), { loop: true, limit: 150 });
  expect(new Set(frames.map(({ loop }) => loop!.pass))).toEqual(new Set([0, 1, 2]));
});
